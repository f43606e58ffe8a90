"""A repository: where files are sent, and where it shows what it has."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.index.address import Origin, masked, origin_of, split_login
from chapbook_core.index.default_index import distlib_root
from chapbook_core.publisher.pypirc import find_section
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.index.address import Login
    from chapbook_core.project.settings import Settings

DEFAULT = "pypi"
"""How settings call the public index."""
_UPLOADS = "upload."
"""What the name of the host for uploads begins with, at indexes that have one for them."""
_LEGACY = "/legacy/"
_TRIAL, _TRIALS = "testpypi", "test."
"""The index for trials: how everybody calls it, and what the name of its host begins with."""


class UnknownRepository(UsageError):
    """No setting says where a repository is."""

    def __init__(self, name: str) -> None:
        super().__init__(
            f"no repository is called `{name}`", hints=[f"run `chapbook config repositories.{name} URL` to name it"]
        )


class UnusableAddress(ChapbookError):
    """What a setting calls the address of a repository is none."""

    def __init__(self, name: str, url: str) -> None:
        super().__init__(
            f"the repository `{name}` is no web address: {masked(url)}",
            hints=[f"run `chapbook config repositories.{name} URL` with one that begins with `https://`"],
        )


@frozen
class Repository:
    """Somewhere to publish."""

    name: str
    url: str
    """Takes uploads; without userinfo."""
    page_root: str
    """The root of its simple pages, as far as that can be told; one that has none answers so."""
    is_public: bool = False
    """Whether it is the public index, whose rules are known."""
    login: Login | None = None
    """From its URL."""

    @property
    def origin(self) -> Origin:
        """What its credentials belong to."""
        return origin_of(self.url)

    @property
    def shown(self) -> str:
        """Its address for people."""
        return masked(self.url)


def find_repository(name: str | None, settings: Settings, home: Path) -> Repository:
    """Return the repository of a name, or the public index: as settings have it, else as the person's `.pypirc`.

    Raises UnknownRepository, UnusableAddress and PypircUnreadable.
    """
    name = name or DEFAULT
    url = settings.text(f"repositories.{name}.url")
    if url is not None:
        return _known(repository_at(name, url))
    if name.lower() == DEFAULT:
        return _public(DEFAULT)
    section = find_section(home, name)
    if section is None or not (section.url or name.lower() == _TRIAL):
        raise UnknownRepository(name)
    return _known(repository_at(name, section.url or _trial_url()))


def login_in_file(repository: Repository, home: Path) -> Login | None:
    """Return what the person's `.pypirc` has to log in to that very repository; raises PypircUnreadable."""
    section = find_section(home, repository.name)
    if section is None or section.login is None:
        return None
    url = section.url or (_upload_url(distlib_root()) if repository.name.lower() == DEFAULT else _trial_url())
    try:
        is_same = repository_at(section.name, url).origin == repository.origin
    except UnusableAddress:
        return None
    return section.login if is_same else None


def _known(repository: Repository) -> Repository:
    return _public(repository.name) if _is_public(repository) else repository


def _trial_url() -> str:
    """Return where the public index lets people try uploads."""
    parts = urlsplit(distlib_root())
    return urlunsplit((parts.scheme, f"{_TRIALS}{parts.netloc}", _LEGACY, "", ""))


def _public(name: str) -> Repository:
    root = distlib_root()
    return repository_at(name, _upload_url(root), page_root=root, is_public=True)


def _is_public(repository: Repository) -> bool:
    """Tell whether a setting calls the public index by its address; what knows that is slow to load."""
    has_the_look = repository.login is None and repository.url.startswith(f"https://{_UPLOADS}")
    return has_the_look and repository.url == _upload_url(distlib_root())


def repository_at(name: str, url: str, *, page_root: str = "", is_public: bool = False) -> Repository:
    """Make the repository of an address."""
    bare, login = split_login(url, f"the URL of repository {name}")
    bare = bare.partition("#")[0]
    try:
        origin_of(bare)
    except (ValueError, UnicodeError):
        raise UnusableAddress(name, url) from None
    if bare.endswith(_LEGACY.rstrip("/")):
        # Without the slash such servers answer with a redirect, which no upload survives.
        bare += "/"
    return Repository(name, bare, page_root or _page_root(bare), is_public, login)


def _upload_url(root: str) -> str:
    """Turn the root of the public index's pages into the address of its uploads."""
    parts = urlsplit(root)
    return urlunsplit((parts.scheme, _UPLOADS + parts.netloc, _LEGACY, "", ""))


def _page_root(url: str) -> str:
    """Guess where the pages are: beside the endpoint of that name, and below any other."""
    parts = urlsplit(url)
    path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
    if path.endswith(_LEGACY):
        path = path.removesuffix("legacy/")
        return urlunsplit((parts.scheme, parts.netloc.removeprefix(_UPLOADS), f"{path}simple/", "", ""))
    return urlunsplit((parts.scheme, parts.netloc, f"{path}simple/", "", ""))

"""Where a required package comes from: an index, a git repository, an archive or a folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote, unquote

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.url import Userinfo, split_userinfo
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

ARCHIVE_SUFFIXES = (".whl", ".tar.gz", ".zip", ".tar.bz2", ".tar.xz", ".tgz")

_SCP = late_pattern(r"(?P<user>[\w.-]+)@(?P<host>[\w.-]+):(?P<path>(?!//)[^\s]*/[^\s]*)", re.ASCII)
_GIT = late_pattern(
    r"git\+(?P<address>(?P<scheme>https?|ssh|file|git)://(?P<host>[^/\s]*)(?P<path>/\S*))", re.IGNORECASE
)
_FILE = late_pattern(r"file:(?://(?:localhost)?(?=/))?", re.IGNORECASE)
_DRIVE = late_pattern(r"/[A-Za-z]:[/\\]")


@frozen
class IndexOrigin:
    """Any configured index, or the one source that is named."""

    source: str | None = None


@frozen
class GitOrigin:
    """A git repository at a branch, a tag, a revision or its default branch."""

    url: str
    """As git takes it, without credentials: `https://...`, `ssh://git@...`, `git@host:owner/repo.git`, `file://...`."""
    branch: str | None = None
    tag: str | None = None
    revision: str | None = None
    subdirectory: str | None = None
    develop: bool = False
    userinfo: Userinfo | None = field(default=None, compare=False, repr=False)

    @property
    def reference(self) -> str | None:
        """The branch, tag or revision, whichever is given."""
        return self.branch or self.tag or self.revision


@frozen
class UrlOrigin:
    """A wheel or source distribution at an address."""

    url: str
    """Without credentials."""
    subdirectory: str | None = None
    userinfo: Userinfo | None = field(default=None, compare=False, repr=False)


@frozen
class FileOrigin:
    """A wheel or source distribution on this machine."""

    path: Path
    """As it was written; a relative one belongs to the project's folder."""
    subdirectory: str | None = None


@frozen
class DirectoryOrigin:
    """A folder with a project on this machine."""

    path: Path
    """As it was written; a relative one belongs to the project's folder."""
    subdirectory: str | None = None
    develop: bool = False


Origin = IndexOrigin | GitOrigin | UrlOrigin | FileOrigin | DirectoryOrigin


def parse_origin(url: str) -> Origin | None:
    """Return where a URL, a git address or a path of a direct reference leads, or nothing for an unknown kind of it."""
    if (git := _parse_git(url)) is not None:
        return git
    if url.lower().startswith(("http://", "https://")):
        address, fragment = _split_fragment(url)
        address, userinfo = split_userinfo(address)
        if address.lower().endswith(".git"):
            return _git(url.partition("#")[0], "", fragment)
        # Hashes stay with the address that they belong to.
        kept = [f"{key}={value}" for key, value in fragment if key not in ("subdirectory", "egg")]
        return UrlOrigin("#".join([address, *(["&".join(kept)] if kept else [])]), _subdirectory(fragment), userinfo)
    if match := _FILE.match(url):
        return _parse_file(url[match.end() :])
    return None if "://" in url else path_origin(Path(url))


def is_git_address(text: str) -> bool:
    """Tell whether a text is a git address without a scheme, as in `git@host:owner/repo.git`."""
    return _SCP.match(text) is not None


def path_origin(path: Path, subdirectory: str | None = None) -> FileOrigin | DirectoryOrigin:
    """Return an archive or, by its name, a folder."""
    if path.name.lower().endswith(ARCHIVE_SUFFIXES):
        return FileOrigin(path, subdirectory)
    return DirectoryOrigin(path, subdirectory)


def reference_text(origin: Origin) -> str:
    """Return the URL of a direct reference as PEP 508 takes it, or nothing for an index."""
    match origin:
        case IndexOrigin():
            return ""
        case GitOrigin(url=url, subdirectory=subdirectory):
            if scp := _SCP.fullmatch(url):
                url = f"ssh://{scp['user']}@{scp['host']}/{scp['path'].lstrip('/')}"
            at = f"@{origin.reference}" if origin.reference else ""
            return f"git+{url}{at}" + (f"#subdirectory={subdirectory}" if subdirectory else "")
        case UrlOrigin(url=url, subdirectory=subdirectory):
            return url + (f"{'&' if '#' in url else '#'}subdirectory={subdirectory}" if subdirectory else "")
        case FileOrigin(path=path, subdirectory=subdirectory) | DirectoryOrigin(path=path, subdirectory=subdirectory):
            return _path_url(path) + (f"#subdirectory={subdirectory}" if subdirectory else "")


def _parse_git(url: str) -> GitOrigin | None:
    address, fragment = _split_fragment(url)
    scp = _SCP.fullmatch(address.removeprefix("git+").removeprefix("ssh://"))
    if scp and not re.match(r"[0-9]+/", scp["path"]):
        path, _, revision = scp["path"].partition("@")
        return _git(f"{scp['user']}@{scp['host']}:{path}", revision, fragment)
    match = _GIT.fullmatch(address)
    if match is None:
        return None
    path, _, revision = match["path"].rpartition("@") if "@" in match["path"] else (match["path"], "", "")
    return _git(f"{match['scheme'].lower()}://{match['host']}{path}", revision, fragment)


def _git(address: str, revision: str, fragment: list[tuple[str, str]]) -> GitOrigin:
    url, userinfo = split_userinfo(address)
    named = next((key for key, value in fragment if not value), "")
    return GitOrigin(url, revision=revision or named or None, subdirectory=_subdirectory(fragment), userinfo=userinfo)


def _split_fragment(url: str) -> tuple[str, list[tuple[str, str]]]:
    address, _, fragment = url.partition("#")
    parts = (part.partition("=") for part in fragment.split("&") if part)
    return address, [(key, value) for key, _, value in parts]


def _subdirectory(fragment: Iterable[tuple[str, str]]) -> str | None:
    return next((value for key, value in fragment if key == "subdirectory"), None) or None


def _parse_file(rest: str) -> FileOrigin | DirectoryOrigin:
    address, fragment = _split_fragment(rest)
    path = unquote(address)
    return path_origin(Path(path[1:] if _DRIVE.match(path) else path), _subdirectory(fragment))


def _path_url(path: Path) -> str:
    return path.as_uri() if path.is_absolute() else f"file:{quote(path.as_posix())}"

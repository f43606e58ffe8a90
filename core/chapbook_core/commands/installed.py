"""What is installed, as a plan wants to know it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.environment import CONFIGURATION
from chapbook_core.environment.state import state_file
from chapbook_core.installer.plan import Installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.environment.site_packages import Distribution, SitePackages

SOURCES = "src"
"""Below an environment: where the checkouts of repositories are, here as in Poetry's environments."""
_LOADERS = (".pth", ".py")
_LARGEST = 100_000
_INCOMPLETE = "its files are incomplete"


def installed_packages(present: SitePackages) -> Iterator[Installed]:
    """Give each distribution once, with what an interrupted installer has left wrong with it."""
    repeated = {distribution.name for distribution in present.repeated}
    for distribution, is_whole, has_direct_url in present.look():
        damage = "it is there twice" if distribution.name in repeated else "" if is_whole else _INCOMPLETE
        if has_direct_url:
            origin, is_of_repository = distribution.direct_url, is_checkout(distribution)
        else:
            origin, is_of_repository = None, False
        yield Installed(distribution.name, distribution.version, origin, damage, is_of_repository)


def is_checkout(distribution: Distribution) -> bool:
    """Tell whether a distribution is imported from the checkout of a repository, as whoever works in it wants it.

    One of its files among the packages leads there, then: every way to be editable leaves one with that path, whichever
    installer and backend it is from.
    """
    if distribution.direct_url is None or "vcs_info" not in distribution.direct_url:
        return False
    library = distribution.folder.parent
    environment = next((folder for folder in library.parents if _is_top(folder)), None)
    if environment is None:
        return False
    sources = {os.fspath(folder / SOURCES) + os.sep for folder in (environment, Path(os.path.realpath(environment)))}
    wanted = [form for path in sources for form in (os.fsencode(path), ascii(path)[1:-1].encode())]
    return any(form in content for content in _loaders(distribution) for form in wanted)


def _is_top(folder: Path) -> bool:
    """Tell whether a folder is an environment, or a Python that we have put packages into."""
    return (folder / CONFIGURATION).is_file() or Path(state_file(folder)).is_file()


def _loaders(distribution: Distribution) -> Iterator[bytes]:
    try:
        lines = distribution.record.read_text("utf-8", errors="replace").splitlines()
    except OSError:
        return
    for line in lines:
        name = line.partition(",")[0]
        file = distribution.folder.parent / name
        if "/" in name or not name.endswith(_LOADERS):
            continue
        try:
            if file.stat().st_size <= _LARGEST:
                yield file.read_bytes()
        except OSError:
            continue

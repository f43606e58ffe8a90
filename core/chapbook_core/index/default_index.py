"""The index that is asked when a project names none: pip's, else the one that `distlib` knows.

Nothing of ours names an index.  Of pip's settings `index-url` alone is taken over; `extra-index-url` and `find-links`
are left aside on purpose, because every further index is a further owner of every package name: who wants them
declares sources in the project, where a priority says when each is asked.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.index.address import masked
from chapbook_core.index.sources import DEFAULT_NAME, Place, index_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_SECTIONS = ("install", "global")
"""Of pip's file; the section of a command goes before the general one."""


class NoDefaultIndex(ChapbookError):
    """Neither pip nor distlib says where packages come from."""

    def __init__(self) -> None:
        super().__init__(
            "no package index is known",
            hints=["set `PIP_INDEX_URL`, or declare one with `chapbook source add NAME URL`"],
        )


def default_index(variables: Mapping[str, str], home: Path, platform: str = sys.platform) -> Place:
    """Find the default index."""
    url = variables.get("PIP_INDEX_URL", "").strip() or pip_index_url(variables, home, platform)
    place = index_place(DEFAULT_NAME, url or distlib_root())
    # What somebody else keeps may lack what the index of that name has.
    mirror = masked(place.url.rstrip("/")) if url else ""
    return Place(place.name, place.url, credentials=place.credentials, is_default=True, mirror=mirror)


def pip_index_url(variables: Mapping[str, str], home: Path, platform: str = sys.platform) -> str:
    """Read `index-url` from pip's configuration files; empty when none sets it."""
    # Imported here because it is needed only when a file is there to read.
    from configparser import ConfigParser, Error

    for path in _pip_files(variables, home, platform):
        if not path.is_file():
            continue
        parser = ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(path.read_text("utf-8-sig"))
        except (OSError, UnicodeDecodeError, Error):
            continue
        for section in _SECTIONS:
            if url := parser.get(section, "index-url", fallback=parser.get(section, "index_url", fallback="")).strip():
                return url
    return ""


def _pip_files(variables: Mapping[str, str], home: Path, platform: str) -> Iterator[Path]:
    """List pip's files, the strongest first."""
    named = variables.get("PIP_CONFIG_FILE", "")
    if named in {"/dev/null", "nul"}:
        return
    if named:
        yield Path(named)
    if platform == "win32":
        if folder := variables.get("APPDATA", ""):
            yield Path(folder, "pip", "pip.ini")
        yield home / "pip" / "pip.ini"
        yield Path(variables.get("PROGRAMDATA", "C:\\ProgramData"), "pip", "pip.ini")
        return
    if platform == "darwin":
        yield home / "Library" / "Application Support" / "pip" / "pip.conf"
    yield Path(variables.get("XDG_CONFIG_HOME") or home / ".config") / "pip" / "pip.conf"
    yield home / ".pip" / "pip.conf"
    for folder in (variables.get("XDG_CONFIG_DIRS") or "/etc/xdg").split(":"):
        yield Path(folder) / "pip" / "pip.conf"
    yield Path("/etc/pip.conf")


def distlib_root() -> str:
    """Turn distlib's constant, the address of its XML-RPC service, into the root of the simple pages beside it."""
    # Imported here because it is slow, and pip's configuration often makes it unnecessary.
    try:
        from distlib.index import DEFAULT_INDEX  # type: ignore[import-untyped]
    except ImportError:
        raise NoDefaultIndex from None
    return str(DEFAULT_INDEX).rstrip("/").removesuffix("/pypi") + "/simple/"

"""Packages in a folder of this machine: an index written as files, or a heap of archives."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.index.failure import NotAnIndex
from chapbook_core.index.find_links import ListedFile, list_folder
from chapbook_core.index.page import parse_page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.index.candidate import Page
    from chapbook_core.index.find_links import Listing

_PAGES = ("index.json", "index.html")
_ARCHIVES = (".whl", ".tar.gz", ".zip", ".tgz", ".tar.bz2")


def folder_page(folder: Path, name: str, listings: dict[Path, Listing]) -> Page | None:
    """Give the page of a package; nothing when the folder has no file of it.

    A subfolder of the package's name wins over archives that lie in the folder itself.  `listings` remembers folders.
    """
    if not folder.is_dir():
        raise NotAnIndex(folder.as_uri(), "there is no such folder")
    for inner in _named(folder, name):
        for page in _PAGES:
            if (file := inner / page).is_file():
                return parse_page(file.read_bytes(), "", f"{inner.as_uri()}/", name)
        return _listing(inner, listings).page(name)
    listing = _listing(folder, listings)
    return listing.page(name) if name in listing.names() else None


def _named(folder: Path, name: str) -> Iterator[Path]:
    if (inner := folder / name).is_dir():
        yield inner


def _listing(folder: Path, listings: dict[Path, Listing]) -> Listing:
    if folder not in listings:
        entries = [
            ListedFile(entry.name, entry.stat().st_size)
            for entry in os.scandir(folder)
            if entry.name.endswith(_ARCHIVES) and entry.is_file()
        ]
        listings[folder] = list_folder(sorted(entries, key=lambda entry: entry.filename), folder.as_uri())
    return listings[folder]

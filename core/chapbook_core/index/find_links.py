"""Listing: files of many projects in one place, a folder or a page of `--find-links`, as a page for each project."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import quote

from chapbook_core.index.filename import looks_like_file, possible_names
from chapbook_core.index.page_html import read_html_files
from chapbook_core.index.page_rows import build_page
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from chapbook_core.index.candidate import Page
    from chapbook_core.index.file_table import Row


@frozen
class ListedFile:
    """An entry of a folder."""

    filename: str
    size: int | None = None


class Listing:
    """The files of a place by the projects they may belong to; the place is read once for all of them."""

    __slots__ = ("_base_url", "_rows")

    def __init__(self, base_url: str, rows: Iterable[Row]) -> None:
        self._base_url = base_url
        self._rows = _by_name(rows)

    def page(self, name: str) -> Page:
        """Return the page of one project; an empty one when the place has nothing of it."""
        name = canonical_name(name)
        return build_page(name, self._rows.get(name, ()), self._base_url)

    def names(self) -> frozenset[str]:
        """Return every project that the place may have files of."""
        return frozenset(self._rows)


def list_folder(files: Iterable[ListedFile], folder_url: str) -> Listing:
    """Return the listing of a folder; `folder_url` is its `file:` URL."""
    base_url = folder_url if folder_url.endswith("/") else f"{folder_url}/"
    return Listing(
        base_url,
        (
            (file.filename, quote(file.filename), "", file.size, None, None, None, False)
            for file in files
            if looks_like_file(file.filename)
        ),
    )


def list_page(body: bytes, base_url: str, charset: str = "") -> Listing:
    """Return the listing of an HTML page; raises NotAnIndex when it links to no files."""
    files = read_html_files(body, base_url, charset)
    return Listing(files.base_url, files.rows)


def _by_name(rows: Iterable[Row]) -> Mapping[str, Sequence[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        # `a-b-1.0.tar.gz` may be of `a-b` or of `a`; the page of `a` finds that `b-1.0` is no version.
        for name in possible_names(row[0]):
            groups.setdefault(name, []).append(row)
    return groups

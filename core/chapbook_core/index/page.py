"""Page reading: the bytes an index answered with, in whichever dialect, as a Page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.index.candidate import Page, Skipped
from chapbook_core.index.failure import NotAnIndex
from chapbook_core.index.file_table import FileTable, files_in
from chapbook_core.index.page_json import OtherApiVersion, parse_json_page
from chapbook_core.index.page_summary import PageSummary

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = [
    "ACCEPT",
    "FileTable",
    "NotAnIndex",
    "OtherApiVersion",
    "Page",
    "PageSummary",
    "Skipped",
    "files_in",
    "parse_page",
]

ACCEPT = "application/vnd.pypi.simple.v1+json, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.01"
"""The types that can be read, best first, for a request."""

_SIMPLE = "application/vnd.pypi.simple."
_HTML = frozenset({"text/html", "application/xhtml+xml"})


def parse_page(body: bytes, content_type: str, base_url: str, name: str) -> Page:
    """Return what a page says of a project; raises NotAnIndex for what is no page, OtherApiVersion for a later one.

    `base_url` is where the body came from after redirects; `content_type` is empty for a file on disk.
    """
    media_type, parameters = _read_content_type(content_type)
    if media_type.startswith(_SIMPLE):
        version, _, form = media_type[len(_SIMPLE) :].partition("+")
        if version not in ("v1", "latest"):
            raise OtherApiVersion(base_url, version)
        media_type = "application/json" if form == "json" else "text/html"
    if media_type == "application/json" or (not media_type and body.lstrip()[:1] == b"{"):
        return parse_json_page(body, base_url, name)
    if media_type in _HTML or not media_type:
        # Imported here because large indexes speak JSON, and compiling the patterns of HTML takes a while.
        from chapbook_core.index.page_html import parse_html_page

        return parse_html_page(body, base_url, name, parameters.get("charset", ""))
    raise NotAnIndex(base_url, f"answers with `{media_type[:60]}`, which is not the page of an index")


def _read_content_type(text: str) -> tuple[str, Mapping[str, str]]:
    media_type, *rest = text.split(";")
    pairs = (part.partition("=") for part in rest)
    return media_type.strip().lower(), {key.strip().lower(): value.strip().strip("\"'") for key, _, value in pairs}

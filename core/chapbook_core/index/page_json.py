"""JSON pages: the simple API of PEP 691, with the additions of PEP 700, 714 and 792."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chapbook_core.index.candidate import Page, Skipped
from chapbook_core.index.failure import NotAnIndex
from chapbook_core.index.page_rows import Links, build_page, utc_time
from chapbook_core.index.status import read_status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.index.file_table import Row


_WEB = ("https://", "http://")


class OtherApiVersion(NotAnIndex):
    """The index speaks a later language than ours."""

    def __init__(self, url: str, version: str) -> None:
        self.version = version
        super().__init__(url, f"its pages are written for version {version} of the simple API; known is version 1")


def check_api_version(version: object, url: str) -> None:
    """Raise OtherApiVersion unless a page is of major version 1, or does not tell."""
    if isinstance(version, str) and version.partition(".")[0].strip() != "1":
        raise OtherApiVersion(url, version[:20])


def parse_json_page(body: bytes, base_url: str, name: str) -> Page:
    """Return what a JSON page says; raises NotAnIndex."""
    document = json_object(body, base_url)
    meta = document.get("meta")
    check_api_version(meta.get("api-version") if isinstance(meta, dict) else None, base_url)
    files = document.get("files")
    if not isinstance(files, list):
        raise NotAnIndex(base_url, "answers with JSON that lists no files")
    status = document.get("project-status")
    told = status if isinstance(status, dict) else {}
    links = Links(base_url)
    skipped: list[Skipped] = []
    rows = _rows(files, links, skipped)
    # The rows come first: reading them fills `skipped`.
    return build_page(name, list(rows), links.base_url, skipped, read_status(told.get("status"), told.get("reason")))


def json_object(body: bytes, url: str) -> dict[str, object]:
    """Return a JSON object; raises NotAnIndex for anything else."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise NotAnIndex(url, "answers with JSON that is malformed") from None
    if not isinstance(document, dict):
        raise NotAnIndex(url, "answers with JSON that is not a page of an index")
    return document


def _rows(entries: Iterable[object], links: Links, skipped: list[Skipped]) -> Iterator[Row]:
    for entry in entries:
        if not isinstance(entry, dict):
            skipped.append(Skipped("", "not an entry"))
            continue
        filename, url = entry.get("filename"), entry.get("url")
        if not isinstance(filename, str) or not isinstance(url, str):
            skipped.append(Skipped(str(filename), "has no file name or no URL"))
            continue
        if not url.startswith(_WEB) and not links.accepts(url):
            skipped.append(Skipped(filename, "its link leaves the web"))
            continue
        size = entry.get("size")
        requires_python = entry.get("requires-python")
        metadata = entry.get("core-metadata")
        if metadata is None:
            # The name before PEP 714, and the one that indexes gave it by mistake.
            metadata = entry.get("dist-info-metadata", entry.get("data-dist-info-metadata"))
        yield (
            filename,
            links.clean(url) if "@" in url else url,
            hash_text(entry.get("hashes")),
            size if type(size) is int else None,
            utc_time(entry.get("upload-time")),
            requires_python if requires_python and isinstance(requires_python, str) else None,
            yanked_reason(yanked) if (yanked := entry.get("yanked")) else None,
            metadata if metadata is None or metadata is False else metadata_mark(metadata),
        )


def hash_text(hashes: object) -> str:
    """Return hashes as one text, `sha256=...;md5=...`."""
    if not isinstance(hashes, dict):
        return ""
    if len(hashes) == 1 and isinstance(digest := hashes.get("sha256"), str):
        return "sha256=" + digest
    return ";".join(f"{algorithm}={digest}" for algorithm, digest in hashes.items() if isinstance(digest, str))


def metadata_mark(metadata: object) -> bool | str | None:
    """Return whether a file's metadata stands beside it, with its hash if that is told."""
    if isinstance(metadata, dict):
        return hash_text(metadata) or True
    return metadata if isinstance(metadata, bool) else None


def yanked_reason(yanked: object) -> str | None:
    """Return why a file is yanked, or None when it is not."""
    if not yanked:
        return None
    return yanked if isinstance(yanked, str) else ""

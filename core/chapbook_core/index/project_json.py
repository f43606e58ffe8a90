"""The per-project JSON document beside the simple API (`/pypi/<name>/json`), and that of one release.

Not a standard, but wide-spread, and it tells what a bare HTML page leaves out: Requires-Python, yanked files, sizes,
times and whether metadata stands beside a file. What it says of files counts; its requirements are those of one file.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.index.candidate import Page, Skipped
from chapbook_core.index.failure import NotAnIndex
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.page_json import hash_text, json_object, metadata_mark, yanked_reason
from chapbook_core.index.page_rows import Links, build_page, utc_time
from chapbook_core.value import frozen, replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from chapbook_core.index.file_table import Row


@frozen
class ProjectDocument:
    """What the document says: the files, and the metadata of the release it describes."""

    page: Page
    described: Metadata
    """Of the newest release, or the one that was asked for, as its first uploaded file told it."""
    tells_requirements: bool
    """Whether `described` has the requirements; the document cannot tell "none" from "unknown"."""


def parse_project_document(body: bytes, base_url: str, name: str) -> ProjectDocument:
    """Return what the document of a project or of one release says; raises NotAnIndex."""
    document = json_object(body, base_url)
    info = document.get("info")
    if not isinstance(info, dict) or not isinstance(info.get("version"), str):
        raise NotAnIndex(base_url, "answers with JSON that describes no project")
    links = Links(base_url)
    skipped: list[Skipped] = []
    rows = list(_rows(_entries(document), links, skipped))
    requires_dist = _texts(info.get("requires_dist"))
    return ProjectDocument(
        page=build_page(name, rows, links.base_url, skipped),
        described=Metadata(
            name=_text(info.get("name")) or name,
            version=info["version"],
            requires_dist=requires_dist,
            requires_python=_text(info.get("requires_python")) or None,
            provides_extra=_texts(info.get("provides_extra")),
            summary=_text(info.get("summary")),
            dynamic=tuple(field.lower() for field in _texts(info.get("dynamic"))),
        ),
        tells_requirements=bool(requires_dist),
    )


def with_facts(page: Page, document: Page) -> Page:
    """Return a page with what the document knows more of the same files: same name, and no digest that differs."""
    known = {file.filename: file for release in document.releases for file in release.files}
    rows: list[Row] = []
    for release in page.releases:
        for file in release.files:
            more = known.get(file.filename)
            if more is None or not _agree(file.hashes, more.hashes):
                more = file
            reason = file.yanked_reason if file.yanked else more.yanked_reason
            hashes = dict(more.hashes) | dict(file.hashes)
            told = file if file.metadata is not None else more
            rows.append(
                (
                    file.filename,
                    file.url,
                    hash_text(hashes),
                    file.size if file.size is not None else more.size,
                    file.upload_time or more.upload_time,
                    file.requires_python or more.requires_python,
                    reason if file.yanked or more.yanked else None,
                    hash_text(dict(told.metadata_hashes)) or told.metadata,
                )
            )
    return replace(build_page(page.name, rows, "", status=page.status), skipped=page.skipped)


def _agree(ours: Iterable[tuple[str, str]], theirs: Iterable[tuple[str, str]]) -> bool:
    known = dict(theirs)
    return all(known.get(algorithm, digest) == digest for algorithm, digest in ours)


def _entries(document: Mapping[str, object]) -> Iterator[object]:
    """Yield the entry of each file: of all releases, or of the one described."""
    releases = document.get("releases")
    if isinstance(releases, dict) and releases:
        for entries in releases.values():
            yield from entries if isinstance(entries, list) else ()
    elif isinstance(urls := document.get("urls"), list):
        yield from urls


def _rows(entries: Iterable[object], links: Links, skipped: list[Skipped]) -> Iterator[Row]:
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        filename, url = _text(entry.get("filename")), _text(entry.get("url"))
        if not links.accepts(url):
            skipped.append(Skipped(filename, "its link leaves the web"))
            continue
        size = entry.get("size")
        yield (
            filename,
            links.clean(url),
            _hashes(entry),
            size if type(size) is int else None,
            utc_time(entry.get("upload_time_iso_8601") or entry.get("upload_time")),
            _text(entry.get("requires_python")) or None,
            _yanked(entry),
            metadata_mark(entry.get("core-metadata")),
        )


def _hashes(entry: Mapping[str, object]) -> str:
    """Return the digests that simple pages give too; the document's Blake2 is of another length."""
    digests = entry.get("digests")
    return (
        hash_text({key: digests[key] for key in ("sha256", "md5") if key in digests})
        if isinstance(digests, dict)
        else ""
    )


def _yanked(entry: Mapping[str, object]) -> str | None:
    reason = yanked_reason(entry.get("yanked"))
    return reason if reason is None else _text(entry.get("yanked_reason")) or reason


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()

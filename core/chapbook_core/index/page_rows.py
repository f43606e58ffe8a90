"""From rows to a Page: the part of reading that is the same for every dialect.

A dialect gives a row for each entry. Here the entries of other projects and those that nothing could install are set
aside with a reason, the others are grouped by version, and what is true of a whole version is computed once.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from packaging.version import Version

from chapbook_core.index.address import split_login
from chapbook_core.index.candidate import Page, Skipped
from chapbook_core.index.file_table import FileTable
from chapbook_core.index.filename import NameReader, UnusableName
from chapbook_core.index.page_summary import PageSummary
from chapbook_core.index.status import ACTIVE, ProjectStatus
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.index.file_table import Row

_NUMBER = r"(?:0|[1-9][0-9]*)"
_NORMAL = late_pattern(rf"{_NUMBER}(?:\.{_NUMBER})*(?:(?:a|b|rc){_NUMBER})?(?:\.post{_NUMBER})?(?:\.dev{_NUMBER})?")
# The words of PEP 440 for a pre-release have these letters, and those for a post release have not.
_PRERELEASE = late_pattern(r"[^+]*(?:[abc]|dev|pre)", re.IGNORECASE)
_WHEEL_AND_SDIST = 2
_OF_RELEASES = "0123456789."
_SCHEME = late_pattern(r"[A-Za-z][A-Za-z0-9+.-]*:")
_WEB = ("https://", "http://")
_UTC_LENGTH = len("2024-04-11T03:34:41.447563Z")


class Links:
    """Decides which links of a page may be followed, and takes passwords out of them."""

    __slots__ = ("_from_web", "_relative", "base_url")

    def __init__(self, page_url: str, base_url: str = "") -> None:
        page_url = split_login(page_url)[0]
        self.base_url = split_login(base_url)[0] or page_url
        self._from_web = page_url.startswith(_WEB)
        self._relative = self.accepts(self.base_url)

    def accepts(self, url: str) -> bool:
        """Tell whether a page from where this one came may point there."""
        if url.startswith(_WEB):
            return True
        if url.startswith("//") or not (scheme := _SCHEME.match(url)):
            return self._relative
        return url.lower().startswith(_WEB) or (scheme[0].lower() == "file:" and not self._from_web)

    def clean(self, url: str) -> str:
        """Return a link as it is kept: nothing secret in it."""
        return split_login(url)[0] if "@" in url else url


def build_page(
    name: str, rows: Iterable[Row], base_url: str, skipped: Iterable[Skipped] = (), status: ProjectStatus = ACTIVE
) -> Page:
    """Return the page that a dialect's rows make; `skipped` are the entries the dialect could make no row of."""
    name = canonical_name(name)
    refused = list(skipped)
    groups = _by_version_text(name, rows, refused)
    texts_by_key: dict[bytes, list[str]] = {}
    for text in groups:
        try:
            if text.isascii() and text == text.strip():
                texts_by_key.setdefault(version_key(text), []).append(text)
                continue
        except ValueError:
            pass
        refused.extend(Skipped(row[0], f"`{text}` is not a version") for row in groups[text])
    keys = sorted(texts_by_key)
    releases: dict[str, list[Row]] = {}
    for key in keys:
        texts = texts_by_key[key]
        group = groups[texts[0]] if len(texts) == 1 else [row for text in texts for row in groups[text]]
        releases[_shown(texts)] = group if len(group) == 1 else _distinct(group, refused)
    return Page(
        summary=_summary(name, tuple(keys), releases, status),
        files=FileTable(base_url, releases),
        skipped=tuple(refused),
    )


def utc_time(text: object) -> str | None:
    """Return a time of ISO 8601 as UTC with microseconds; None for what is no time."""
    if not isinstance(text, str) or not text:
        return None
    if len(text) == _UTC_LENGTH and text[-1] == "Z" and text[10] == "T":
        return text
    from datetime import UTC, datetime  # no page of the large indexes comes here

    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def file_name_of(url: str) -> str:
    """Return the last part of a URL's path, decoded once."""
    path = url.partition("#")[0].partition("?")[0]
    name = path[path.rfind("/") + 1 :]
    if "%" not in name:
        return name
    from urllib.parse import unquote  # few names are encoded

    return unquote(name)


def _by_version_text(name: str, rows: Iterable[Row], refused: list[Skipped]) -> dict[str, list[Row]]:
    reader = NameReader(name)
    version_of = reader.version
    groups: dict[str, list[Row]] = {}
    for row in rows:
        try:
            version = version_of(row[0])
        except UnusableName as reason:
            refused.append(Skipped(row[0], str(reason)))
            continue
        group = groups.get(version)
        if group is None:
            groups[version] = [row]
        else:
            group.append(row)
    return groups


def _shown(spellings: Iterable[str]) -> str:
    """Return the normal form of a version; of `1.0` and `1.0.0`, which are one version, the longer."""
    normal = [text if _NORMAL.fullmatch(text) else str(Version(text)) for text in spellings]
    return normal[0] if len(normal) == 1 else max(normal, key=lambda text: (len(text), text))


def _distinct(rows: list[Row], refused: list[Skipped]) -> list[Row]:
    """Return the rows of a version by file name, each name once."""
    if len(rows) == _WHEEL_AND_SDIST and (first := rows[0][0]) != (second := rows[1][0]):
        return rows if first < second else rows[::-1]
    by_name: dict[str, Row] = {}
    again = [row[0] for row in rows if by_name.setdefault(row[0], row) is not row]
    if again:
        refused.extend(Skipped(filename, "listed twice; the first entry counts") for filename in again)
    return [by_name[name] for name in sorted(by_name)]


def _summary(name: str, keys: tuple[bytes, ...], releases: dict[str, list[Row]], status: ProjectStatus) -> PageSummary:
    """Compute each column over all versions; equal values are one object, so that the cached form is small."""
    limits: dict[tuple[str | None, ...], tuple[str, ...]] = {}
    requires_python = []
    upload_times: list[str | None] = []
    yanked = wheels = sdists = prereleases = 0
    bit = 1
    for version, rows in releases.items():
        names, _, _, _, times, demands, reasons, _ = zip(*rows, strict=True)
        limit = limits.get(demands)
        if limit is None:
            limit = limits[demands] = () if None in demands else tuple(sorted(set(demands)))
        requires_python.append(limit)
        upload_times.append(min(filter(None, times)) if any(times) else None)
        built = len([filename for filename in names if filename.endswith(".whl")])
        if built:
            wheels |= bit
        if built < len(rows):
            sdists |= bit
        if None not in reasons:
            yanked |= bit
        if version.strip(_OF_RELEASES) and _PRERELEASE.match(version):
            prereleases |= bit
        bit <<= 1
    return PageSummary(
        name=name,
        versions=tuple(releases),
        keys=keys,
        requires_python=tuple(requires_python),
        upload_times=tuple(upload_times) if any(upload_times) else (None,) * len(releases),
        yanked=yanked,
        wheels=wheels,
        sdists=sdists,
        prereleases=prereleases,
        status=status,
    )

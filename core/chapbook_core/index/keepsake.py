"""Keepsake: what a project was locked from, as one file that the next process reads at once.

Page by page, and release by release, the database says the same, and more about what was not chosen; to ask it takes
ten times as long. Nothing in a keepsake is believed because it stands there: it is laid into the memory, and whoever
wants to use a page of that asks the database first whether the page there is still that very one. So a keepsake may be
old, of another cache, damaged or missing, and costs nothing but time.
"""

from __future__ import annotations

import hashlib
import os
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple, cast

from chapbook_core.index.blob import KEEPSAKE, METADATA, PAGE, StaleBlob, layouts_of, pack, unpack
from chapbook_core.index.http_cache import Validity
from chapbook_core.index.memory import Remembered
from chapbook_core.index.metadata import Metadata
from chapbook_core.index.page_summary import PageSummary
from chapbook_core.project.writing import WriteFailed, write_file

if TYPE_CHECKING:
    from collections.abc import Collection, Hashable, Iterable, Mapping
    from pathlib import Path

    from chapbook_core.index.cache import Cache
    from chapbook_core.index.memory import Memory, Note

    _ToldValidity = tuple[float, float, str, str]

FOLDER = "keepsakes"
ENDING = f".{layouts_of(KEEPSAKE, PAGE, METADATA)}"
"""Of its name; versions that keep other things have one each."""
_OWN = 0o600
_MOST = 32
"""How many projects have one: those that were locked last."""
_LACKING = 10
"""One is written again when more than one in so many of the pages it should hold are not in it as they are."""


class Used(NamedTuple):
    """A page that a project was locked from, and the versions whose metadata was looked at."""

    source: str
    name: str
    page: Remembered
    versions: Collection[str]


class _Held(NamedTuple):
    """What a keepsake says of one page."""

    page: Remembered
    versions: frozenset[str]
    stamp: Hashable
    """Of the database that had this page; nothing where another one is no reason to write it again."""


class Keepsake:
    """The keepsake of one project, on behalf of one memory."""

    def __init__(self, folder: Path | None, project: Path, memory: Memory) -> None:
        """`folder` is that of the index cache, if there is one."""
        name = hashlib.sha256(str(project).encode("utf-8", "surrogateescape")).hexdigest()[:32]
        self._file = folder / FOLDER / f"{name}{ENDING}" if folder is not None else None
        self._memory = memory

    def unpack(self) -> None:
        """Lay into the memory what it does not have yet; once is enough."""
        if self._file is None or self._file in self._memory.keepsakes:
            return
        held = {}
        with suppress(OSError, StaleBlob):
            for key, one in _read(self._file):
                held[key] = one
                if self._memory.recall(*key) is None:
                    self._memory.keep(*key, one.page)
        self._memory.keepsakes[self._file] = held

    def confirm(self, cache: Cache) -> None:
        """After somebody wrote to the database, look at once which of these pages it still has."""
        stamp = cache.stamp()
        held = self._memory.keepsakes.get(self._file, {}) if self._file is not None else {}
        known = {key: page for key in held if (page := self._memory.recall(*key)) is not None}
        open_to_doubt = [key for key, page in known.items() if page.validity_at(stamp) is None]
        for key, validity in (cache.validities(open_to_doubt) if open_to_doubt else {}).items():
            known[key].note(stamp, validity)

    def renew(self, pages: Iterable[Used]) -> None:
        """Write it, if it would be another one to speak of."""
        if self._file is None:
            return
        found = {
            (used.source, used.name): _Held(used.page, frozenset(used.versions), used.page.seen[0])
            for used in pages
            if used.page.seen is not None
        }
        known = cast("Mapping[tuple[str, str], _Held]", self._memory.keepsakes.get(self._file, {}))
        lacking = [key for key, one in found.items() if key not in known or not _is_in(one, known[key])]
        if len(lacking) * _LACKING <= len(found):
            self._memory.keepsakes[self._file] = _lasting(known)
            return
        blob = pack(KEEPSAKE, [(*key, *_values(one)) for key, one in found.items()])
        with suppress(OSError, WriteFailed):
            self._file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            write_file(self._file, blob, is_durable=False, mode=_OWN)
            self._memory.keepsakes[self._file] = _lasting(found)
            _drop_oldest(self._file.parent)


def remove_keepsakes(folder: Path) -> None:
    """Remove all of them from the folder of an index cache."""
    with suppress(OSError):
        for file in (folder / FOLDER).iterdir():
            file.unlink(missing_ok=True)


def _is_in(one: _Held, known: _Held) -> bool:
    return one.page is known.page and known.stamp in (None, one.stamp) and one.versions <= known.versions


def _lasting(held: Mapping[tuple[str, str], _Held]) -> Mapping[tuple[str, str], _Held]:
    """Return the same for all that comes after: the database changes often, and to ask it takes less than to write."""
    return {key: one._replace(stamp=None) for key, one in held.items()}


def _drop_oldest(folder: Path) -> None:
    files = sorted(folder.glob(f"*{ENDING}"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in files[_MOST:]:
        file.unlink(missing_ok=True)


def _values(one: _Held) -> tuple[object, ...]:
    page = one.page
    assert page.seen is not None  # noqa: S101  as `renew` has it
    stamp, validity = page.seen
    metadata = {version: its.values() for version, its in page.metadata.items() if version in one.versions}
    told = (validity.fetched, validity.lifetime, validity.etag, validity.last_modified)
    return page.summary.values(), stamp, told, metadata, page.notes


def _read(file: Path) -> Iterable[tuple[tuple[str, str], _Held]]:
    """Yield the pages of a file; raises OSError or StaleBlob."""
    with file.open("rb") as stream:
        if hasattr(os, "geteuid"):
            # What is in the cache is believed, so nobody else may have written it.
            status = os.fstat(stream.fileno())
            if status.st_uid != os.geteuid() or status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise PermissionError
        blob = stream.read()
    try:
        pages = cast(
            "list[tuple[str, str, object, Hashable, _ToldValidity, dict[str, object], dict[Note, object]]]",
            unpack(KEEPSAKE, blob),
        )
        for source, name, summary, stamp, told, metadata, notes in pages:
            if not (isinstance(source, str) and isinstance(name, str)):
                raise StaleBlob("the keepsake cannot be read")
            validity = Validity(*told)
            page = Remembered(PageSummary.from_values(summary), validity)
            page.note(stamp, validity)
            for version, values in metadata.items():
                page.metadata[version] = Metadata.from_values(values)
            page.notes.update(notes)
            yield (source, name), _Held(page, frozenset(page.metadata), stamp)
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise StaleBlob("the keepsake cannot be read") from error

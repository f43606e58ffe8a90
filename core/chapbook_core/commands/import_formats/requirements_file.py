"""Reads `requirements.txt` and `constraints.txt`, with the files that they refer to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from chapbook_core.commands.import_formats.harvest import constraint_around, exact_version
from chapbook_core.commands.import_formats.pip_requirement import read_pip_requirement
from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.source import Priority
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.origin import DirectoryOrigin, IndexOrigin
from chapbook_core.value import field, mutable, replace

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.import_formats.harvest import Harvest
    from chapbook_core.requirements.requirement import Requirement

_OPTION = late_pattern(r"(?P<name>--?[A-Za-z][\w-]*)(?:\s*=\s*|\s+|$)(?P<value>.*)", re.DOTALL)
_SHORT = late_pattern(r"(?P<name>-[A-Za-z])(?P<value>[^\s=].*)", re.DOTALL)
_COMMENT = late_pattern(r"(?:^|\s+)#.*$")
_TRAILING_OPTIONS = late_pattern(r"\s--?[A-Za-z][\w-]*(?:[=\s].*)?$", re.DOTALL)
_HASH = late_pattern(r"--hash[=\s]\s*(?P<hash>\w+:\w+)")
_VIA = late_pattern(r"#\s*via\b(?P<rest>.*)")
_LISTED = late_pattern(r"#\s{2,}(?P<rest>\S.*)")
_LONG = {"-r": "--requirement", "-c": "--constraint", "-e": "--editable", "-i": "--index-url", "-f": "--find-links"}
_IGNORED = frozenset({"--require-hashes", "--prefer-binary", "--use-feature", "--trusted-host", "--pre"})


@mutable
class _Entry:
    """One requirement of a file."""

    requirement: Requirement
    hashes: tuple[str, ...] = ()
    via: set[str] = field(default_factory=set)
    """Who asks for it, by the comments of `pip-compile` and `uv pip compile`."""


@mutable
class _Line:
    """A line with all its continuations."""

    number: int
    text: str
    comments: str


def read_requirements(text: str, file: Path, harvest: Harvest, *, constraints: bool = False) -> None:
    """Fill the harvest with what the text of a file holds; constraints only say which versions to keep."""
    _Reading(harvest).read(text, file, constraints=constraints)


def read_constraints(text: str, file: Path, harvest: Harvest) -> None:
    """Fill the harvest with the versions to keep of packages that something else asks for."""
    read_requirements(text, file, harvest, constraints=True)


class _Reading:
    """Reads a file and those that it refers to, each once."""

    def __init__(self, harvest: Harvest) -> None:
        self._harvest = harvest
        self._seen: set[Path] = set()

    def read(self, text: str, file: Path, *, constraints: bool) -> None:
        self._seen.add(file.resolve())
        entries: list[_Entry] = []
        is_list = False
        for line in _lines(text):
            if line.text.startswith("-"):
                entries += self._option(line, file, constraints=constraints)
            elif line.text:
                entries += self._requirement(line.text, line, file)
            elif entries:
                # A comment of its own belongs to the line above it, and may be a list.
                is_list = bool(_VIA.match(line.comments)) or (is_list and bool(_LISTED.match(line.comments)))
                entries[-1].via |= _via(line.comments) if is_list else set()
                continue
            is_list = False
        self._keep(entries, file, constraints=constraints)

    def _requirement(self, text: str, line: _Line, file: Path, *, editable: bool = False) -> Iterator[_Entry]:
        bare = _TRAILING_OPTIONS.sub("", text)
        while bare != text:
            text, bare = bare, _TRAILING_OPTIONS.sub("", bare)
        try:
            read = read_pip_requirement(bare, file.parent, editable=editable)
        except ChapbookError as error:
            hint = error.hints[0] if error.hints else ""
            self._harvest.mistake(file, error.message, line=line.number, hint=hint)
            return
        if not read.is_name_known and read.requirement.origin != DirectoryOrigin(
            self._harvest.folder, develop=editable
        ):
            message = f"the name `{read.requirement.pretty_name}` is guessed from the address"
            self._harvest.remark(file, message, line.number)
        via = _via(line.comments) if _VIA.match(line.comments) else set()
        yield _Entry(read.requirement, tuple(_HASH.findall(line.text)), via)

    def _option(self, line: _Line, file: Path, *, constraints: bool) -> Iterator[_Entry]:
        match = _SHORT.fullmatch(line.text) if line.text[1] != "-" else None
        match = match or _OPTION.fullmatch(line.text)
        name, value = (match["name"], match["value"].strip()) if match else (line.text, "")
        name = _LONG.get(name, name)
        match name:
            case "--requirement" | "--constraint":
                self._refer(value, file, line, constraints=constraints or name == "--constraint")
            case "--editable":
                yield from self._requirement(value, line, file, editable=True)
            case "--index-url" | "--pypi-url":
                self._harvest.source(value, Priority.PRIMARY, file, line=line.number)
            case "--extra-index-url":
                self._harvest.source(value, Priority.SUPPLEMENTAL, file, line=line.number)
            case "--find-links" | "--no-index" | "--no-binary" | "--only-binary":
                self._harvest.remark(file, f"`{name}` is not taken over", line.number)
            case known if known in _IGNORED:
                if known == "--pre":
                    self._harvest.remark(file, "`--pre` is not taken over", line.number)
            case unknown:
                self._harvest.mistake(
                    file, f"pip has no option `{unknown}` for its files", line=line.number, hint="remove the line"
                )

    def _refer(self, name: str, file: Path, line: _Line, *, constraints: bool) -> None:
        other = file.parent / name
        if other.resolve() in self._seen:
            return
        try:
            text = other.read_text("utf-8-sig")
        except (OSError, UnicodeDecodeError) as error:
            reason = (error.strerror or str(error)) if isinstance(error, OSError) else "it is not UTF-8"
            self._harvest.mistake(file, f"cannot read `{name}`: {reason}", line=line.number)
            return
        self.read(text, other, constraints=constraints)

    def _keep(self, entries: list[_Entry], file: Path, *, constraints: bool) -> None:
        names = {entry.requirement.name for entry in entries}
        is_lock = _is_lock(entries)
        for entry in entries:
            requirement = entry.requirement
            version = exact_version(requirement.constraint)
            if constraints:
                self._constrain(entry, version, file)
                continue
            if is_lock and version is not None:
                self._harvest.pin(requirement.name, version, requirement.marker, entry.hashes)
                if entry.via and {canonical_name(asker) for asker in entry.via} <= names:
                    # Somebody else in the file asks for it: it comes by itself.
                    continue
                requirement = replace(requirement, constraint=constraint_around([version]))
            self._harvest.wish(requirement)

    def _constrain(self, entry: _Entry, version: str | None, file: Path) -> None:
        requirement = entry.requirement
        if version is not None:
            self._harvest.pin(requirement.name, version, requirement.marker, entry.hashes)
        else:
            self._harvest.remark(
                file,
                f"the constraint `{requirement}` is not taken over; "
                "write it into `constraints` of [tool.chapbook] to hold it",
            )


def _is_lock(entries: list[_Entry]) -> bool:
    """Tell whether a tool has written the versions, rather than a person who means each of them."""
    if any(entry.hashes or entry.via for entry in entries):
        return True
    from_index = [entry for entry in entries if isinstance(entry.requirement.origin, IndexOrigin)]
    return bool(from_index) and all(exact_version(entry.requirement.constraint) for entry in from_index)


def _lines(text: str) -> Iterator[_Line]:
    """Yield the lines with their continuations joined, and comments apart; an empty text is a comment's own line."""
    number, joined, comments = 0, "", ""
    start = 1
    for number, raw in enumerate(text.splitlines(), start=1):
        if not joined:
            start = number
        comment = _COMMENT.search(raw)
        body = raw[: comment.start()] if comment else raw
        comments += comment[0].strip() + "\n" if comment else ""
        if body.rstrip().endswith("\\") and not comment:
            joined += body.rstrip()[:-1] + " "
            continue
        line = (joined + body).strip()
        if line or comments:
            yield _Line(start, line, comments)
        joined, comments = "", ""
    if joined.strip():
        yield _Line(start if number else 1, joined.strip(), comments)


def _via(comments: str) -> set[str]:
    """Return who is named behind `# via`, or in a line of a list below it."""
    match = _VIA.match(comments.strip()) or _LISTED.match(comments.strip())
    return {name.strip() for name in match["rest"].split(",") if name.strip()} if match else set()

"""What `[tool.chapbook]` says about resolving, which no standard table can."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeVar, get_args

from chapbook_core.errors import ChapbookError, FileMistakes, Mistake
from chapbook_core.requirements.marker import Marker, parse_marker
from chapbook_core.requirements.name import canonical_name, is_valid_name
from chapbook_core.requirements.requirement import Requirement, parse_requirement
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

Resolution = Literal["newest", "lowest", "lowest-direct"]
ForkStrategy = Literal["fewest", "requires-python"]
Prereleases = Literal["when-needed", "explicit", "allow", "never"]

_Choice = TypeVar("_Choice", bound=str)
_Parsed = TypeVar("_Parsed", Marker, Requirement)


@frozen
class Rival:
    """An extra or a group that cannot be turned on together with another one."""

    name: str
    is_group: bool


@frozen
class ResolutionTable:
    """The wishes of a project about its lock."""

    environments: tuple[Marker, ...] = ()
    """Where the lock has to work; empty for every platform."""
    overrides: tuple[Requirement, ...] = ()
    """What replaces every other requirement on the same package."""
    constraints: tuple[Requirement, ...] = ()
    """What holds for a package if anything needs it."""
    exclude: tuple[str, ...] = ()
    """Packages that nobody gets."""
    prefer: tuple[str, ...] = ()
    """Packages to keep new at the cost of others."""
    conflicts: tuple[frozenset[Rival], ...] = ()
    resolution: Resolution = "newest"
    fork_strategy: ForkStrategy = "fewest"
    prereleases: Prereleases = "when-needed"
    exclude_newer: str = ""
    """A moment as ISO 8601 has it; what was uploaded later does not exist."""


def read_resolution_table(tool: Mapping[str, object], file: Path) -> ResolutionTable:
    """Read `[tool.chapbook]`; raises FileMistakes with everything that is wrong in it."""
    reading = _Reading(tool)
    table = ResolutionTable(
        environments=tuple(reading.parsed("environments", parse_marker)),
        overrides=tuple(reading.parsed("overrides", parse_requirement)),
        constraints=tuple(reading.parsed("constraints", parse_requirement)),
        exclude=tuple(reading.names("exclude")),
        prefer=tuple(reading.names("prefer")),
        conflicts=tuple(reading.conflicts()),
        resolution=_chosen(reading, "resolution", "newest", get_args(Resolution)),
        fork_strategy=_chosen(reading, "fork-strategy", "fewest", get_args(ForkStrategy)),
        prereleases=_chosen(reading, "prereleases", "when-needed", get_args(Prereleases)),
        exclude_newer=reading.moment("exclude-newer"),
    )
    if reading.mistakes:
        raise FileMistakes(file, reading.mistakes)
    return table


def _chosen(reading: _Reading, key: str, default: _Choice, choices: tuple[_Choice, ...]) -> _Choice:
    value = reading.tool.get(key, default)
    for choice in choices:
        if value == choice:
            return choice
    reading.wrong(key, f"it should be one of {', '.join(f'`{choice}`' for choice in choices)}, not {value!r}")
    return default


class _Reading:
    """The table while it is read, with every mistake found so far."""

    def __init__(self, tool: Mapping[str, object]) -> None:
        self.tool = tool
        self.mistakes: list[Mistake] = []

    def wrong(self, key: str, message: str, hint: str = "") -> None:
        self.mistakes.append(Mistake(message, f"tool.chapbook.{key}", hint=hint))

    def texts(self, key: str) -> list[str]:
        value = self.tool.get(key, [])
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
        self.wrong(key, "it should be a list of texts")
        return []

    def parsed(self, key: str, parse: Callable[[str], _Parsed]) -> Iterator[_Parsed]:
        for number, text in enumerate(self.texts(key)):
            try:
                yield parse(text)
            except ChapbookError as error:
                self.wrong(f"{key}[{number}]", error.message, " ".join(error.hints))

    def names(self, key: str) -> list[str]:
        names = []
        for number, text in enumerate(self.texts(key)):
            if is_valid_name(text):
                names.append(canonical_name(text))
            else:
                self.wrong(f"{key}[{number}]", f"`{text}` is not the name of a package")
        return names

    def conflicts(self) -> list[frozenset[Rival]]:
        value = self.tool.get("conflicts", [])
        if not isinstance(value, list):
            self.wrong("conflicts", "it should be a list of lists")
            return []
        return [rivals for number, entry in enumerate(value) if (rivals := self._rivals(entry, f"conflicts[{number}]"))]

    def _rivals(self, entry: object, key: str) -> frozenset[Rival]:
        items = entry if isinstance(entry, list) else []
        rivals = set()
        for item in items:
            match item:
                case {"extra": str(name)} if len(item) == 1:
                    rivals.add(Rival(canonical_name(name), is_group=False))
                case {"group": str(name)} if len(item) == 1:
                    rivals.add(Rival(canonical_name(name), is_group=True))
                case _:
                    self.wrong(key, f"{item!r} names no extra and no group", 'write `{ extra = "cpu" }`')
        if len(items) < 2:  # noqa: PLR2004  one alone has no rival
            self.wrong(key, "it should list two or more extras or groups", '`[{ extra = "cpu" }, { extra = "gpu" }]`')
        return frozenset(rivals)

    def moment(self, key: str) -> str:
        # Few projects have one.
        from datetime import UTC, date, datetime, time

        value = self.tool.get(key)
        if value is None:
            return ""
        try:
            if isinstance(value, str):
                value = datetime.fromisoformat(value)
        except ValueError:
            pass
        if isinstance(value, date) and not isinstance(value, datetime):
            value = datetime.combine(value, time(), UTC)
        if not isinstance(value, datetime):
            self.wrong(key, f"{value!r} is no date", "write it as in `2026-01-31` or `2026-01-31T12:00:00Z`")
            return ""
        return (value if value.tzinfo else value.replace(tzinfo=UTC)).isoformat()

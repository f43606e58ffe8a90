"""Verification of a finished selection, by walking it as an installer would.

It shares nothing with the solver: constraints and markers are judged by `packaging`, one environment at a time. It is
what tests and `check --lock --deep` rely on.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping


@frozen
class Demand:
    """A requirement, with a judgement of versions instead of a constraint."""

    name: str
    allows: Callable[[str], bool]
    text: str
    """As its author wrote it."""
    extras: frozenset[str] = frozenset()
    marker: str = ""
    is_direct: bool = False
    """Whether it names a repository, an address or a path, so that nothing from an index will do."""


@frozen
class Installed:
    """A release that is selected in an environment."""

    name: str
    version: str
    requires: tuple[str | Demand, ...]
    """As in its metadata, `Requires-Dist`; or already read, from where it is told in other words."""
    requires_python: str = ""
    is_direct: bool = False


@frozen
class Violation:
    """Something that is wrong with a selection."""

    environment: str
    message: str

    def __str__(self) -> str:
        return f"{self.environment}: {self.message}"


@frozen
class Wishes:
    """What the project says of other people's requirements."""

    overrides: Mapping[str, tuple[Demand, ...]]
    """By name: what stands for every requirement on a package."""
    constraints: tuple[Demand, ...] = ()
    excludes: frozenset[str] = frozenset()


NO_WISHES = Wishes({})


def demand(text: str) -> Demand:
    """Return the demand that a requirement in the words of PEP 508 makes."""
    requirement = _requirement(text)
    specifier = requirement.specifier
    return Demand(
        name=canonicalize_name(requirement.name),
        allows=lambda version: specifier.contains(version, prereleases=True),
        text=text,
        extras=frozenset(map(canonicalize_name, requirement.extras)),
        marker=str(requirement.marker) if requirement.marker else "",
        is_direct=requirement.url is not None,
    )


def verify(
    demands: Iterable[Demand],
    selected: Iterable[Installed],
    environment: Mapping[str, str],
    *,
    extras: Iterable[str] = (),
    wishes: Wishes = NO_WISHES,
    ignore_python_upper_bounds: bool = False,
) -> tuple[Violation, ...]:
    """Return what is wrong with a selection for one environment and some of the project's extras.

    `demands` are those of the groups that are installed, and of every extra; their markers tell which extra.
    """
    walk = _Walk(selected, environment, wishes)
    violations = [
        *walk.once_per_name(),
        *walk.from_project(demands, frozenset(extras)),
        *walk.unneeded(),
        *walk.constrained(),
        *walk.on_python(ignore_upper_bounds=ignore_python_upper_bounds),
    ]
    label = " ".join(
        [
            f"Python {environment['python_full_version']} on {environment['sys_platform']}",
            environment.get("platform_machine", ""),
            *(f"[{extra}]" for extra in sorted(extras)),
        ]
    ).strip()
    return tuple(Violation(label, message) for message in violations)


class _Walk:
    """The way from the project's demands along the selected releases."""

    def __init__(self, selected: Iterable[Installed], environment: Mapping[str, str], wishes: Wishes) -> None:
        self._all = tuple(selected)
        self._selected = {installed.name: installed for installed in self._all}
        self._environment = environment
        self._wishes = wishes
        self._reached: dict[str, set[str]] = {}

    def once_per_name(self) -> Iterator[str]:
        for installed in self._all:
            other = self._selected[installed.name]
            if other is not installed:
                yield f"{installed.name} is selected as {installed.version} and {other.version}"

    def from_project(self, demands: Iterable[Demand], extras: frozenset[str]) -> Iterator[str]:
        waiting: list[tuple[str, str]] = []
        for asked in demands:
            if self._is_in_force(asked.marker, extras):
                yield from self._meet("the project", asked, waiting)
        while waiting:
            name, extra = waiting.pop()
            installed = self._selected[name]
            for required in installed.requires:
                asked = demand(required) if isinstance(required, str) else required
                if self._is_in_force(asked.marker, {extra}) and (not extra or not self._is_in_force(asked.marker, ())):
                    yield from self._meet(f"{name} {installed.version}", asked, waiting)

    def _meet(self, who: str, asked: Demand, waiting: list[tuple[str, str]]) -> Iterator[str]:
        if asked.name in self._wishes.excludes:
            return
        overrides = [one for one in self._wishes.overrides.get(asked.name, ()) if self._is_in_force(one.marker, ())]
        for effective in overrides or [asked]:
            yield from self._judge(who, effective)
            for extra in ("", *asked.extras, *effective.extras):
                reached = self._reached.setdefault(asked.name, set())
                if extra not in reached and asked.name in self._selected:
                    reached.add(extra)
                    waiting.append((asked.name, extra))

    def _judge(self, who: str, asked: Demand) -> Iterator[str]:
        installed = self._selected.get(asked.name)
        if installed is None:
            yield f"{who} requires `{asked.text}`, and no {asked.name} is selected"
        elif asked.is_direct and not installed.is_direct:
            yield f"{who} requires `{asked.text}`, and {installed.version} from an index is selected"
        elif not asked.is_direct and not asked.allows(installed.version):
            yield f"{who} requires `{asked.text}`, and {installed.version} is selected"

    def unneeded(self) -> Iterator[str]:
        for name, installed in self._selected.items():
            if name not in self._reached:
                yield f"{name} {installed.version} is selected, and nothing requires it"

    def constrained(self) -> Iterator[str]:
        for constraint in self._wishes.constraints:
            installed = self._selected.get(constraint.name)
            if installed and self._is_in_force(constraint.marker, ()) and not constraint.allows(installed.version):
                yield f"the project constrains `{constraint.text}`, and {installed.version} is selected"

    def on_python(self, *, ignore_upper_bounds: bool) -> Iterator[str]:
        python = self._environment["python_full_version"]
        for name, installed in self._selected.items():
            text = installed.requires_python
            if text and not _runs_on(text, python, ignore_upper_bounds=ignore_upper_bounds):
                yield f"{name} {installed.version} needs Python {text}"

    def _is_in_force(self, marker: str, extras: Iterable[str]) -> bool:
        if not marker:
            return True
        parsed = _marker(marker)
        return any(parsed.evaluate({**self._environment, "extra": extra}) for extra in {"", *extras})


@lru_cache(maxsize=4096)
def _requirement(text: str) -> Requirement:
    return Requirement(text)


@lru_cache(maxsize=4096)
def _marker(text: str) -> Marker:
    return Marker(text)


@lru_cache(maxsize=4096)
def _runs_on(requires_python: str, python: str, *, ignore_upper_bounds: bool) -> bool:
    specifiers = SpecifierSet(requires_python)
    if ignore_upper_bounds:
        specifiers = SpecifierSet(",".join(str(one) for one in specifiers if one.operator in (">=", ">")))
    return specifiers.contains(python, prereleases=True)

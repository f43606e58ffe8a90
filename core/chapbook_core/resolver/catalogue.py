"""Catalogue: what is known of packages, from the problem and from the answers so far.

It outlives a search. A search that meets a requirement which changes what an earlier answer meant (a direct reference
to a package whose index was read) ends with `Reconsider`, and the next one begins with that
known. Such a discovery only ever adds, so this comes to an end.
"""

from __future__ import annotations

from functools import lru_cache, reduce
from typing import TYPE_CHECKING, cast

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import Constraint, InvalidConstraint, parse_constraint
from chapbook_core.requirements.diagram import FALSE, TRUE, conjunction, difference, disjunction, implies
from chapbook_core.requirements.marker import python_marker
from chapbook_core.requirements.origin import IndexOrigin
from chapbook_core.resolver.cause import (
    Constrained,
    FromElsewhere,
    NeedsPython,
    Prerelease,
    Unusable,
    Yanked,
)
from chapbook_core.resolver.facts import Dependency, Metadata, MetadataWanted, Unavailable, VersionsWanted
from chapbook_core.resolver.incompatibility import Incompatibility
from chapbook_core.resolver.problem import Prereleases
from chapbook_core.resolver.versions import ABSENT, Versions, is_prerelease, merged
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.requirements.origin import Origin
    from chapbook_core.resolver.cause import Fact
    from chapbook_core.resolver.facts import Facts, Want
    from chapbook_core.resolver.problem import Problem
    from chapbook_core.resolver.universe import Universe
    from chapbook_core.resolver.versions import Release

_USUAL_PYTHON = late_pattern(
    r"(?:<\s*(?P<before>[0-9]{1,3})(?:\.0)*\s*,\s*)?>=\s*(?P<lower>(?P<major>[0-9]{1,3})(?:\.[0-9]{1,3})*)"
    r"\s*(?:,\s*<\s*(?P<upper>[0-9]{1,3})(?:\.0)*)?"
)
_PIN = late_pattern(r"\s*={1,3}\s*[^\s*,|]+\s*")


class Reconsider(Exception):
    """Something was learned that changes the answers an earlier part of the search was built on."""


class Catalogue:
    """The versions of packages, which of them are out of the question, and what each depends on."""

    def __init__(self, problem: Problem, universe: Universe) -> None:
        self.problem = problem
        self.universe = universe.region
        self.facts: dict[Want, Versions | Metadata | Unavailable] = {}
        self._overrides = _by_name(problem.overrides)
        self._constraints = _by_name(problem.constraints)
        self._pins = self._project_pins(universe)
        self._origins: dict[str, set[Origin | None]] = {name: set(pins) for name, pins in self._pins.items()}
        self._versions: dict[str, Versions] = {}
        self._judged: set[str] = set()
        """Packages whose exclusions the search already relies upon."""
        self._with_prereleases: set[str] = set()
        self._pinned_versions: dict[str, set[str]] | None = None
        self._dependencies: dict[tuple[MetadataWanted, frozenset[str]], tuple[Dependency, ...]] = {}
        self._with_prereleases.update(locked.name for locked in problem.locked if is_prerelease(locked.version))

    def _project_pins(self, universe: Universe) -> dict[str, dict[Origin | None, int]]:
        """Return the packages that the project takes from a certain origin, and on which region from which."""
        pins: dict[str, dict[Origin | None, int]] = {}
        for requirement in self.problem.requirements:
            for dependency in self.effective(requirement.dependency):
                region = conjunction(universe.solved_region(requirement), dependency.region)
                if dependency.origin is not None and region != FALSE:
                    regions = pins.setdefault(dependency.name, {})
                    regions[dependency.origin] = disjunction(regions.get(dependency.origin, FALSE), region)
        return pins

    def root_dependencies(self) -> Iterator[Dependency]:
        """Yield what the project requires, after overrides and exclusions."""
        for requirement in self.problem.requirements:
            yield from self.effective(requirement.dependency)

    def learn(self, facts: Facts) -> None:
        """Take note of answers."""
        self.facts.update(facts)

    def start(self) -> None:
        """Begin a search: nothing relies on an exclusion yet."""
        self._judged.clear()

    # What a requirement brings to light

    def meet(self, dependency: Dependency, region: int) -> None:
        """Take note of where a requirement that is in force on a region wants its package from."""
        if dependency.origin in self._origins.get(dependency.name, ()):
            return
        if dependency.origin is not None:
            self._allow_origin(dependency.name, dependency.origin)
        elif not self._is_pinned_throughout(dependency.name, region):
            self._allow_origin(dependency.name, None)

    def _is_pinned_throughout(self, name: str, region: int) -> bool:
        """Tell whether the default index need not be asked, because the project says where the package comes from."""
        pins = self._pins.get(name)
        return pins is not None and implies(region, reduce(disjunction, pins.values()))

    def _allow_origin(self, name: str, origin: Origin | None) -> None:
        origins = self._origins.setdefault(name, set())
        if origin not in origins:
            origins.add(origin)
            self._versions.pop(name, None)
            if name in self._judged:
                raise Reconsider

    @property
    def admits(self) -> bool:
        """Whether a requirement can make a difference to `admit`."""
        return self.problem.policy.prereleases is Prereleases.EXPLICIT

    def admit(self, dependency: Dependency) -> None:
        """Let in the pre-releases of a package once a requirement names one, if that is what it takes."""
        name = dependency.name
        if (
            self.admits
            and name not in self._with_prereleases
            and self.allowed(dependency) & self.versions(name).prereleases
            and asks_for_prereleases(dependency)
        ):
            self._with_prereleases.add(name)
            if name in self._judged:
                raise Reconsider

    # Packages

    def wanted(self, name: str) -> list[Want]:
        """Return the questions that are still open before the versions of a package are known."""
        if name in self._versions:
            return []
        return [want for want in self._version_wants(name) if want not in self.facts]

    def _version_wants(self, name: str) -> list[VersionsWanted]:
        origins: Iterable[Origin | None] = self._origins[name]
        if len(self._origins[name]) > 1:
            # Of two equal versions the later one is preferred, so the default index comes first.
            origins = sorted(origins, key=lambda origin: (origin is not None, is_direct(origin), repr(origin)))
        return [VersionsWanted(name, origin) for origin in origins]

    def versions(self, name: str) -> Versions:
        """Return the versions of a package; its questions are answered."""
        known = self._versions.get(name)
        if known is None:
            parts = [cast("Versions", self.facts[want]) for want in self._version_wants(name)]
            known = self._versions[name] = merged(name, parts)
        return known

    def allowed(self, dependency: Dependency) -> int:
        """Return the mask of the releases that a requirement is content with."""
        versions = self.versions(dependency.name)
        matching = versions.matching(dependency.constraint)
        if dependency.origin is not None:
            matching &= versions.by_origin.get(dependency.origin, 0)
        return matching

    def given(self, name: str) -> list[Incompatibility]:
        """Return the incompatibilities about one package alone; the search relies on them from here on."""
        self._judged.add(name)
        return [
            Incompatibility({name: mask}, region, fact)
            for mask, region, fact in self._exclusions(name, self.versions(name))
            if mask and region != FALSE
        ]

    def _exclusions(self, name: str, versions: Versions) -> Iterator[tuple[int, int, Fact]]:
        """Yield masks of releases that are out of the question on a region, and why."""
        if mask := self._unasked_prereleases(name, versions):
            yield mask, self.universe, Prerelease(name)
        if mask := self._unasked_yanked(name, versions):
            yield mask, self.universe, Yanked(name)
        for reason, mask in versions.unusable.items():
            yield mask, self.universe, Unusable(name, reason)
        for region, mask in versions.usable_region.items():
            yield mask, difference(self.universe, region), Unusable(name, "has no file that fits")
        for text, mask, region in self._stopped_by_python(versions):
            yield mask, region, NeedsPython(name, text)
        for origin, region in self._pins.get(name, {}).items():
            mask = versions.by_origin.get(origin, 0)
            yield mask, difference(self.universe, region), FromElsewhere(name, origin)
        for constraint in self._constraints.get(name, ()):
            excluded = versions.full ^ ABSENT ^ self.allowed(constraint)
            yield excluded, conjunction(self.universe, constraint.region), Constrained(constraint)

    def _stopped_by_python(self, versions: Versions) -> list[tuple[str, int, int]]:
        """Return each Requires-Python that leaves out a part of the universe, with its releases and that part."""
        key = (self.universe, self.problem.policy.ignore_python_upper_bounds)
        known = versions.stopped_by_python.get(key)
        if known is None:
            known = versions.stopped_by_python[key] = [
                (text, mask, region)
                for text, mask in versions.requires_python.items()
                if (region := difference(self.universe, self.python_region(text))) != FALSE
            ]
        return known

    def _unasked_prereleases(self, name: str, versions: Versions) -> int:
        match self.problem.policy.prereleases:
            case Prereleases.WHEN_NEEDED | Prereleases.ALLOW:
                # These are a matter of preference, not of exclusion.
                return 0
            case Prereleases.EXPLICIT if name in self._with_prereleases:
                return 0
            case Prereleases.EXPLICIT | Prereleases.NEVER:
                return versions.prereleases & ~_direct(versions)

    def _unasked_yanked(self, name: str, versions: Versions) -> int:
        unasked = versions.yanked and versions.yanked & ~_direct(versions)
        if unasked:
            for pin in self._project_pins_of_versions().get(name, ()):
                unasked &= ~versions.matching(pin)
        return unasked

    def _project_pins_of_versions(self) -> dict[str, set[str]]:
        """Return the constraints by which the project, or its lock, insists on certain versions of packages."""
        if self._pinned_versions is None:
            self._pinned_versions = {}
            for dependency in (*self.root_dependencies(), *self.problem.constraints, *self.problem.overrides):
                if _PIN.fullmatch(dependency.constraint):
                    self._pinned_versions.setdefault(dependency.name, set()).add(dependency.constraint)
            for locked in self.problem.locked:
                self._pinned_versions.setdefault(locked.name, set()).add(f"==={locked.version}")
        return self._pinned_versions

    def python_region(self, requires_python: str) -> int:
        """Return the environments whose Python a Requires-Python allows."""
        return python_region(requires_python, ignore_upper_bounds=self.problem.policy.ignore_python_upper_bounds)

    # Releases

    def metadata_wanted(self, name: str, release: Release) -> MetadataWanted:
        """Return the question what a release depends on."""
        return MetadataWanted(name, release.version, release.origin)

    def dependencies(self, want: MetadataWanted, extras: frozenset[str]) -> tuple[Dependency, ...]:
        """Return what a release with some of its extras depends on, after overrides and exclusions."""
        known = self._dependencies.get((want, extras))
        if known is None:
            metadata = cast("Metadata", self.facts[want])
            known = metadata.dependencies.under(extras)
            if self.problem.excludes or self._overrides:
                known = tuple(effective for written in known for effective in self.effective(written))
            self._dependencies[want, extras] = known
        return known

    def effective(self, dependency: Dependency) -> Iterator[Dependency]:
        """Yield what a requirement amounts to after overrides and exclusions."""
        if dependency.name in self.problem.excludes:
            return
        rest = dependency.region
        for override in self._overrides.get(dependency.name, ()):
            inside = conjunction(rest, override.region)
            if inside != FALSE:
                extras = tuple(sorted({*dependency.extras, *override.extras}))
                yield replace(override, region=inside, extras=extras, extra=dependency.extra)
                rest = difference(rest, override.region)
        if rest == dependency.region:
            yield dependency
        elif rest != FALSE:
            yield replace(dependency, region=rest)


@lru_cache(maxsize=16384)
def asks_for_prereleases(dependency: Dependency) -> bool:
    """Tell whether a requirement wants pre-releases, in words or by naming one."""
    if dependency.allow_prereleases is not None:
        return dependency.allow_prereleases
    return parse_constraint(dependency.constraint).allows_prereleases


def is_direct(origin: Origin | None) -> bool:
    """Tell whether an origin is a direct reference, which has one release only."""
    return origin is not None and not isinstance(origin, IndexOrigin)


@lru_cache(maxsize=4096)
def python_region(requires_python: str, *, ignore_upper_bounds: bool) -> int:
    """Return the environments whose Python a Requires-Python allows; one that says nothing sensible allows all."""
    if ignore_upper_bounds and (usual := _USUAL_PYTHON.fullmatch(requires_python)):
        uppers = [int(upper) for upper in (usual["before"], usual["upper"]) if upper]
        if uppers and min(uppers) > int(usual["major"]):
            # Hundreds of texts differ in nothing but such a bound, or a blank.
            return python_region(f">={usual['lower']}", ignore_upper_bounds=True)
    try:
        constraint = parse_constraint(requires_python)
    except InvalidConstraint:
        return TRUE
    if ignore_upper_bounds:
        constraint = Constraint(requires_python, constraint.cuts[:1])
    return python_marker(constraint).node


def _direct(versions: Versions) -> int:
    mask = 0
    for origin, its_mask in versions.by_origin.items():
        if is_direct(origin):
            mask |= its_mask
    return mask


def _by_name(dependencies: Iterable[Dependency]) -> dict[str, list[Dependency]]:
    by_name: dict[str, list[Dependency]] = {}
    for dependency in dependencies:
        by_name.setdefault(dependency.name, []).append(dependency)
    return by_name

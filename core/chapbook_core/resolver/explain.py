"""Explanation: a proof that there is no solution, told in prose.

The story is the list of facts in the proof's core, in the order in which they lead away from the project; the reader
sees for himself that they exclude each other. The same as data is `NoSolution.story`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import NoSpecifier
from chapbook_core.requirements.diagram import FALSE, TRUE, conjunction, difference
from chapbook_core.requirements.marker import Marker
from chapbook_core.requirements.origin import IndexOrigin, reference_text
from chapbook_core.resolver.cause import (
    Constrained,
    FromElsewhere,
    NeedsPython,
    Prerelease,
    Requires,
    RootRequires,
    Unusable,
    Yanked,
    required_by,
)
from chapbook_core.resolver.core import core_of, region_of
from chapbook_core.resolver.problem import MAIN
from chapbook_core.resolver.versions import ABSENT
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.resolver.catalogue import Catalogue
    from chapbook_core.resolver.core import Group
    from chapbook_core.resolver.facts import Dependency
    from chapbook_core.resolver.incompatibility import Incompatibility
    from chapbook_core.resolver.problem import Problem, RootRequirement
    from chapbook_core.resolver.versions import Versions

_MOST_LINES = 12
_MOST_VERSIONS = 3
_BELOW = late_pattern(r"<=(?=(?P<version>[^,|\s]+),!=(?P=version)(?![^,|\s]))(?P=version),!=")
"""Below a version, its pre-releases included, which few care to be told about."""


@frozen
class Line:
    """One fact of the story."""

    text: str
    subject: str
    """The package it is about; empty for the project."""
    object: str = ""
    """The package that is required; empty when it is about one package only."""


@frozen
class Story:
    """Why there is no solution."""

    environment: str
    """Where there is none, as in `on Python <3.10`; empty for everywhere."""
    lines: tuple[Line, ...]


class NoSolution(ChapbookError):
    """The requirements exclude each other."""

    def __init__(self, problem: Problem, catalogue: Catalogue, proof: Incompatibility) -> None:
        self.problem = problem
        self.proof = proof
        teller = _Teller(problem, catalogue, proof)
        self.story = teller.story()
        self.region = teller.region
        """Where there is no solution."""
        self.requirements = teller.requirements()
        """The project's requirements in the story."""
        self.constraints = teller.constraints()
        """Its constraints in the story."""
        self.remedies = tuple(teller.remedies())
        """What to look at, whatever else is tried."""
        super().__init__(_message(self.story), hints=(*teller.guesses(), *self.remedies))

    def advise(self, edit: str) -> None:
        """Put an edit that was tried in the place of what was guessed; an empty one takes that back."""
        self.hints = (edit, *self.remedies) if edit else self.remedies


def _message(story: Story) -> str:
    where = f" {story.environment}" if story.environment else ""
    lines = [line.text for line in story.lines[:_MOST_LINES]]
    if len(story.lines) > _MOST_LINES:
        lines.append(f"and {len(story.lines) - _MOST_LINES} more of the kind")
    if len(lines) == 1:
        return f"no solution{where}: {lines[0]}"
    return "\n".join([f"no solution{where}, because", *(f"  - {line}" for line in lines)])


class _Teller:
    """Finds the words for one proof."""

    def __init__(self, problem: Problem, catalogue: Catalogue, proof: Incompatibility) -> None:
        self._problem = problem
        self._catalogue = catalogue
        self._groups = core_of(proof, self._full)
        self.region = conjunction(region_of(self._groups), catalogue.universe)
        self._project = problem.name or "the project"

    def _full(self, package: str) -> int:
        if package.endswith("]"):
            return ABSENT | ABSENT << 1
        return self._catalogue.versions(package).full

    def story(self) -> Story:
        """Return the whole story."""
        lines = [line for group in self._in_order() for line in self._lines(group)]
        return Story(self._environment(), tuple(lines))

    def requirements(self) -> tuple[RootRequirement, ...]:
        """Return what the project requires in the story, in its own order."""
        told = {group.fact.requirement for group in self._groups if isinstance(group.fact, RootRequires)}
        return tuple(requirement for requirement in self._problem.requirements if requirement in told)

    def constraints(self) -> tuple[Dependency, ...]:
        """Return the constraints of the project in the story."""
        told = {group.fact.constraint for group in self._groups if isinstance(group.fact, Constrained)}
        return tuple(constraint for constraint in self._problem.constraints if constraint in told)

    def _environment(self) -> str:
        universe = self._catalogue.universe
        if self.region == universe:
            return ""
        marker, under = Marker(self.region), Marker(universe)
        text = marker.text(under)
        if not text:
            return ""
        if marker.without_extras().variables() == {"python_full_version"}:
            return f"on Python {_BELOW.sub('<', marker.python_constraint().poetry_text())}"
        return f"where {text}"

    def _in_order(self) -> list[Group]:
        """Return the groups so that each is about packages that were spoken of before, beginning with the project."""
        waiting = list(self._groups)
        known: set[str] = set()
        ordered: list[Group] = []
        while waiting:
            # The newest subject first, so that a chain is told from its beginning to its end.
            ready = [group for group in waiting if _subject(group) in known and _subject(group)]
            ready = ready or self._beginnings(waiting) or waiting
            latest = max(ready, key=lambda group: _recency(ordered, group))
            waiting.remove(latest)
            ordered.append(latest)
            known.update(_speaks_of(latest))
        return ordered

    def _beginnings(self, waiting: list[Group]) -> list[Group]:
        """Return the project's requirements, first those on packages of which there is more to tell."""
        roots = [group for group in waiting if isinstance(group.fact, RootRequires)]
        subjects = {_subject(group) for group in waiting}
        return [group for group in roots if _speaks_of(group) & subjects] or roots

    # Lines

    def _lines(self, group: Group) -> Iterator[Line]:
        fact = group.fact
        match fact:
            case RootRequires(requirement=requirement):
                yield Line(self._root_line(requirement), "", requirement.dependency.name)
            case Requires(name=name, dependency=dependency):
                subject = self._versions_words(name, group.versions, dependency.extra)
                verb = "requires" if self._is_singular(name, group.versions) else "require"
                if group.has_one_constraint:
                    words = self._dependency_words(dependency) + self._if_nothing_fits(dependency)
                else:
                    words = f"a version of {dependency.name} of its own, such as {self._dependency_words(dependency)}"
                yield Line(f"{subject} {verb} {words}", name, dependency.name)
            case Constrained(constraint=constraint):
                text = f"{self._project} constrains {constraint.name} to {constraint.constraint}{_where(constraint)}"
                yield Line(text, constraint.name)
            case NeedsPython(name=name, requires_python=text):
                subject = self._versions_words(name, group.versions)
                verb = "needs" if self._is_singular(name, group.versions) else "need"
                yield Line(f"{subject} {verb} Python {text}", name)
            case Prerelease(name=name):
                verb = "is a pre-release" if self._is_singular(name, group.versions) else "are pre-releases"
                yield Line(f"{self._versions_words(name, group.versions)} {verb}, which is not allowed", name)
            case Yanked(name=name):
                verb = "was" if self._is_singular(name, group.versions) else "were"
                subject = self._versions_words(name, group.versions)
                yield Line(f"{subject} {verb} yanked by the author, and the project does not pin it", name)
            case Unusable(name=name, reason=reason):
                subject = self._versions_words(name, group.versions)
                colon = "" if self._is_singular(name, group.versions) else ": each"
                yield Line(f"{subject}{colon} {reason}", name)
            case FromElsewhere(name=name, origin=origin):
                yield Line(f"{name} comes from {_origin_words(origin)} only in other environments", name)

    def _root_line(self, requirement: RootRequirement) -> str:
        dependency = requirement.dependency
        via = []
        if requirement.group != MAIN:
            via.append(f"in its group {requirement.group}")
        if dependency.extra:
            via.append(f"for its extra {dependency.extra}")
        words = " ".join([self._project, "requires", self._dependency_words(dependency), *via])
        return words + self._if_nothing_fits(dependency)

    def _dependency_words(self, dependency: Dependency) -> str:
        extras = f"[{','.join(dependency.extras)}]" if dependency.extras else ""
        constraint = "" if dependency.constraint == "*" else f" {dependency.constraint}"
        origin = f" from {_origin_words(dependency.origin)}" if dependency.origin is not None else ""
        return f"{dependency.name}{extras}{constraint}{origin}{_where(dependency)}"

    def _if_nothing_fits(self, dependency: Dependency) -> str:
        """Return the end of a line about a requirement that no release satisfies, whatever else is required."""
        versions = self._catalogue.versions(dependency.name)
        if self._catalogue.allowed(dependency):
            return ""
        if not versions.releases:
            return f", and {dependency.name} {versions.missing or 'has no release'}"
        releases = [release.version for release in versions.releases]
        if len(releases) <= _MOST_VERSIONS:
            origin = versions.releases[0].origin
            source = "" if origin is None else f" from {_origin_words(origin)}"
            return f", of which there is only {_joined(releases)}{source}"
        return f", which none of its {len(releases)} versions from {releases[0]} to {releases[-1]} is"

    def _is_singular(self, name: str, mask: int) -> bool:
        return mask.bit_count() == 1 or self._is_every(name, mask) or self._is_every_other(name, mask)

    def _versions_words(self, name: str, mask: int, extra: str = "") -> str:
        versions = self._catalogue.versions(name)
        name = f"{name}[{extra}]" if extra else name
        texts = versions.texts(mask)
        if len(texts) == 1 and len(versions.releases) > 1:
            return f"{name} {texts[0]}"
        if self._is_every(versions.name, mask):
            return f"{name} {texts[0]}" if len(texts) == 1 else f"every version of {name}"
        if self._is_every_other(versions.name, mask):
            return f"every such version of {name}"
        if len(texts) <= _MOST_VERSIONS:
            return f"{name} {_joined(texts)}"
        if _is_run(versions, mask):
            return f"{name} {texts[0]} to {texts[-1]}"
        return f"{len(texts)} versions of {name} from {texts[0]} to {texts[-1]}"

    def _is_every(self, name: str, mask: int) -> bool:
        return mask | ABSENT == self._catalogue.versions(name).full

    def _is_every_other(self, name: str, mask: int) -> bool:
        """Tell whether a mask has every version that the other facts of the story leave."""
        covered = mask | ABSENT
        for group in self._groups:
            for incompatibility in group.incompatibilities:
                if len(incompatibility.terms) == 1:
                    covered |= incompatibility.terms.get(name, 0)
        return covered == self._catalogue.versions(name).full

    # What to do

    def guesses(self) -> Iterator[str]:
        """Yield what may help; nothing here was tried."""
        facts = [group.fact for group in self._groups]
        if any(isinstance(fact, NeedsPython) for fact in facts) and (narrower := self._narrower_python()):
            yield f'narrow {self._problem.python_place} to "{narrower}"'

    def remedies(self) -> Iterator[str]:
        """Yield what to do about what is seen at a glance."""
        for fact in [group.fact for group in self._groups]:
            match fact:
                case Yanked(name=name):
                    yield f"pin the yanked version of {name} with `==` to take it all the same"
                case Prerelease(name=name):
                    yield f"allow pre-releases of {name} to take one"
                case Requires() | RootRequires():
                    dependency = required_by(fact)
                    if dependency is not None and not self._catalogue.versions(dependency.name).releases:
                        yield f"check the spelling of {dependency.name}, and that its source is configured"

    def _narrower_python(self) -> str:
        """Return the Python range of the project without that of the conflict; empty when nothing or all is left."""
        universe = self._catalogue.universe
        stopped = Marker(self.region).only("python_full_version")
        if difference(conjunction(universe, stopped.node), self.region) != 0 or stopped.node == TRUE:
            return ""
        left = difference(universe, stopped.node)
        return "" if left == FALSE else python_words(left)


def python_words(region: int) -> str:
    """Return the Pythons of a region as `requires-python` has them, or as Poetry does where that has no words."""
    pythons = Marker(region).python_constraint()
    try:
        return pythons.specifier_text()
    except NoSpecifier:
        return pythons.poetry_text()


def _subject(group: Group) -> str:
    match group.fact:
        case RootRequires():
            return ""
        case Constrained(constraint=constraint):
            return constraint.name
        case fact:
            return fact.name


def _speaks_of(group: Group) -> set[str]:
    match group.fact:
        case RootRequires(requirement=requirement):
            return {requirement.dependency.name}
        case Requires(dependency=dependency):
            return {dependency.name}
        case _:
            return set()


def _recency(ordered: list[Group], group: Group) -> int:
    subject = _subject(group)
    return max((place for place, told in enumerate(ordered) if subject in _speaks_of(told)), default=-1)


def _where(dependency: Dependency) -> str:
    return "" if dependency.region == TRUE else f" where {Marker(dependency.region).text().strip()}"


def _origin_words(origin: object) -> str:
    match origin:
        case IndexOrigin(source=source):
            return f"source {source}"
        case None:
            return "the default index"
        case _:
            return reference_text(origin)  # type: ignore[arg-type]  # the other members of the union


def _joined(texts: list[str]) -> str:
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} and {texts[-1]}"


def _is_run(versions: Versions, mask: int) -> bool:
    places = mask >> ((mask & -mask).bit_length() - 1)
    return places & (places + 1) == 0 and mask & ~versions.full == 0

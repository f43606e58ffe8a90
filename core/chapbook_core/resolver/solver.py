"""PubGrub as a generator: it asks for facts and never reads one.

    def solve(problem: Problem) -> Generator[Need, Facts, Solution]

Drive it so:

    solving, facts = solve(problem), None
    while True:
        try:
            need = next(solving) if facts is None else solving.send(facts)
        except StopIteration as end:
            return end.value            # the Solution
        facts = ...                     # an answer for every want in need.wanted; more may be given

or let `answer` do that with a function from wants to facts. It raises `NoSolution`, whose message is the story and
whose `proof` is the root of the derivation graph. Between two questions it can be dropped at any time.

The search is PubGrub's (see the specification in dart-lang/pub, `doc/solver.md`), *lifted*: one partial solution for
all environments at once (`assignment`), incompatibilities that hold on regions, and conflicts that are resolved at one
point of their region and learned for all of it (`conflict`). A package splits where its pieces have no version in
common and nowhere else.

Two departures from the specification keep it fast. Dependencies become incompatibilities when their release is about to
be decided, and are then applied forwards; only what is learned from conflicts is watched. And a release whose
dependencies contradict the partial solution is ruled out before it is decided.

The same problem and the same facts give the same solution, in whatever order the facts arrive.
"""

from __future__ import annotations

from collections import deque
from functools import reduce
from operator import and_
from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction, difference, disjunction, sample
from chapbook_core.resolver.assignment import Clash, PartialSolution
from chapbook_core.resolver.catalogue import Catalogue, Reconsider, is_direct
from chapbook_core.resolver.cause import NeedsPython, Requires, RootRequires, Unusable
from chapbook_core.resolver.conflict import resolve
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.resolver.facts import Metadata, MetadataWanted, Need, Progress, Unavailable
from chapbook_core.resolver.incompatibility import Incompatibility
from chapbook_core.resolver.order import Order, Place
from chapbook_core.resolver.preference import Preference, are_prereleases_wanted
from chapbook_core.resolver.problem import Prereleases, Selected, Solution
from chapbook_core.resolver.reach import Reach
from chapbook_core.resolver.universe import Universe
from chapbook_core.resolver.versions import ABSENT, Versions

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from chapbook_core.resolver.assignment import Pieces
    from chapbook_core.resolver.facts import Dependency, Facts, Want
    from chapbook_core.resolver.problem import Problem

    Asking = Generator[Need, Facts, None]

_OFF = ABSENT
_ON = 2
"""An extra of a package is a package with one version, which is selected when the extra is asked for."""
_SWITCH = _OFF | _ON


def solve(problem: Problem) -> Generator[Need, Facts, Solution]:
    """Return the best solution of a problem; raises NoSolution."""
    universe = Universe(problem)
    catalogue = Catalogue(problem, universe.region)
    steps = 0
    while True:
        search = _Search(problem, universe, catalogue)
        search.steps = steps
        try:
            yield from search.run()
        except Reconsider:
            steps = search.steps
            continue
        return search.solution()


def answer(problem: Problem, tell: Callable[[Want], Versions | Metadata | Unavailable]) -> Solution:
    """Solve with a function that answers one question at a time."""
    solving = solve(problem)
    facts: Facts | None = None
    while True:
        try:
            # The first step of a generator takes nothing.
            need = next(solving) if facts is None else solving.send(facts)
        except StopIteration as end:
            solution: Solution = end.value
            return solution
        facts = {want: tell(want) for want in need.wanted}


def extra_name(package: str, extra: str) -> str:
    """Return the name under which an extra of a package is assigned."""
    return f"{package}[{extra}]"


class _Search:
    """One run of PubGrub's main loop."""

    def __init__(self, problem: Problem, universe: Universe, catalogue: Catalogue) -> None:
        self.steps = 0
        self.conflicts = 0
        self._problem = problem
        self._universe = universe
        self._catalogue = catalogue
        catalogue.start()
        self._assigned = PartialSolution(universe.region)
        self._order = Order(problem.prefer)
        direct = frozenset(dependency.name for dependency in catalogue.root_dependencies())
        self._preference = Preference(problem.policy, direct, problem.locked)
        self._watching: dict[str, list[Incompatibility]] = {}
        """Learned incompatibilities, under every package they speak of."""
        self._about_one_release: list[Incompatibility] = []
        """Facts met on the way that hold whatever else is selected, such as unreadable metadata."""
        self._changed: deque[tuple[str, int]] = deque()
        """Packages whose pieces changed, and where, since the watching incompatibilities were looked at."""
        self._switched_on: deque[tuple[str, str, int]] = deque()
        """Extras that came on since their dependencies were looked at: package, extra, where."""
        self._extras: dict[str, dict[str, str]] = {}
        """For each package, its extras that were ever asked for, with the name of their switch."""
        self._package_of_switch: dict[str, tuple[str, str]] = {}
        self._leaning: dict[str, int] = {}
        """Versions of a package that also suit requirements met elsewhere after it was decided."""
        self._jumped = False
        self._fresh: list[str] = []
        """Packages met since the last question."""
        self._held_back: dict[str, str] = {}

    def run(self) -> Asking:
        """Decide until every required package is selected wherever it is required."""
        yield from self._require_roots()
        while True:
            clash = self._propagate()
            if clash is not None:
                self._learn_from(clash)
            elif self._switched_on:
                yield from self._require_extras()
            elif (package := self._order.first(self._is_pending)) is not None:
                yield from self._decide(package)
            else:
                return

    def _is_pending(self, package: str) -> bool:
        return bool(self._assigned.pending(package))

    # Requirements

    def _require_roots(self) -> Asking:
        in_force = [
            (RootRequires(requirement), dependency, region)
            for requirement in self._problem.requirements
            for dependency in self._catalogue.effective(requirement.dependency)
            if (region := conjunction(self._universe.solved_region(requirement), dependency.region)) != FALSE
        ]
        yield from self._introduce([(dependency, region) for _, dependency, region in in_force])
        for cause, dependency, region in in_force:
            clash = self._require({}, dependency, region, region, cause)
            if clash is not None:
                self._learn_from(clash)

    def _require(
        self,
        terms: dict[str, int],
        dependency: Dependency,
        scope: int,
        region: int,
        cause: RootRequires | Requires,
    ) -> Clash | None:
        """Narrow what a requirement asks for, which is in force on a region while the terms are true.

        `scope` is where the requirement itself holds, whoever is selected there.
        """
        self._assigned.require(dependency, region)
        for package, mask in self._demands(dependency):
            if package in terms:
                # A package that requires itself: nothing to do, or a release that can never be selected.
                ruled_out = {**terms, package: terms[package] & mask}
                if not ruled_out[package]:
                    continue
            else:
                ruled_out = {**terms, package: mask}
            if package not in terms and mask == self._assigned.full(package):
                # Nothing satisfies it. A term that is always true is left out.
                del ruled_out[package]
                return Clash(Incompatibility(ruled_out, scope, cause), region)
            clash = self._derive(package, Incompatibility(ruled_out, scope, cause), region)
            if clash is not None:
                return clash
        self._lean(dependency.name)
        return None

    def _demands(self, dependency: Dependency) -> Iterable[tuple[str, int]]:
        """Yield each package that a requirement narrows, with the mask it rules out."""
        yield dependency.name, self._assigned.full(dependency.name) ^ self._catalogue.allowed(dependency)
        for extra in dependency.extras:
            yield self._switch(dependency.name, extra), _OFF

    def _switch(self, package: str, extra: str) -> str:
        extras = self._extras.setdefault(package, {})
        name = extras.get(extra)
        if name is None:
            name = extras[extra] = extra_name(package, extra)
            self._package_of_switch[name] = (package, extra)
            self._assigned.add(name, _SWITCH)
        return name

    def _derive(self, package: str, incompatibility: Incompatibility, region: int) -> Clash | None:
        """Rule out a term of an incompatibility on a region, because the other terms are true there."""
        changed = self._assigned.derive(package, incompatibility, region)
        if isinstance(changed, Clash):
            return changed
        if changed != FALSE:
            self.steps += 1
            self._note_change(package, changed)
        return None

    def _note_change(self, package: str, region: int) -> None:
        if package in self._watching:
            self._changed.append((package, region))
        if package in self._package_of_switch:
            name, extra = self._package_of_switch[package]
            self._switched_on.append((name, extra, region))
        else:
            self._queue(package)

    def _queue(self, package: str) -> None:
        pending = self._assigned.pending(package)
        if pending:
            self._order.put(package, self._place(package, pending))

    def _place(self, package: str, pending: Iterable[int]) -> Place:
        without_choice = True
        for mask in pending:
            if mask & (mask - 1):
                without_choice = False
                break
        if not without_choice:
            return Place.ORDINARY
        versions = self._catalogue.versions(package)
        is_reference = all(is_direct(versions.release(mask).origin) for mask in pending if mask)
        return Place.DIRECT_REFERENCE if is_reference else Place.WITHOUT_CHOICE

    def _lean(self, package: str) -> None:
        """When a package is selected and later required elsewhere, see that one version can still be had.

        If the selected ones do not suit the new place but another one would suit both, it is decided again, leaning
        towards such versions. That is a wish, not a rule: it is dropped where it cannot be met, and each time fewer
        versions are left, so this comes to an end.
        """
        selected = self._assigned.selected[package]
        pending = self._assigned.pending(package) if selected else {}
        if not pending or any(all(mask & version for mask in pending) for version, _ in selected):
            return
        common = reduce(and_, pending, self._leaning.get(package, -1))
        for mask, where in self._assigned.pieces_before_decision(package).items():
            if any(conjunction(where, region) != FALSE for _, region in selected):
                common &= mask
        if common and common != self._leaning.get(package) and not self._preference.keeps_apart(package):
            self._leaning[package] = common
            raise _Lean(package)

    # Decisions

    def _decide(self, package: str) -> Asking:
        versions = self._catalogue.versions(package)
        pending = self._assigned.pending(package)
        version, region = self._preference.choose(
            versions,
            pending,
            selected=self._assigned.selected[package],
            leaning=self._leaning.get(package, -1),
            prereleases_wanted=self._are_prereleases_wanted(package, versions, pending),
            stopped_by_python=self._assigned.given_as(package, NeedsPython),
        )
        release = versions.release(version)
        want = self._catalogue.metadata_wanted(package, release)
        yield from self._ask([want])
        obstacle = self._obstacle(package, version, want)
        if obstacle is not None:
            self._about_one_release.append(obstacle)
            self._watch(obstacle)
            if conjunction(obstacle.region, region) != FALSE:
                clash = self._derive(package, obstacle, obstacle.region)
                if clash is not None:
                    self._learn_from(clash)
                return
        dependencies = [
            (dependency, where)
            for dependency in self._catalogue.dependencies(want)
            if (where := self._in_force(package, dependency, region)) != FALSE
        ]
        yield from self._introduce(dependencies)
        if self._rule_out(package, version, release.version, dependencies):
            return
        self.steps += 1
        self._assigned.decide(package, version, region)
        self._note_change(package, region)
        self._oblige(package, version, release.version, dependencies)

    def _obstacle(self, package: str, version: int, want: MetadataWanted) -> Incompatibility | None:
        """Return why a release cannot be selected, which its list of releases did not tell."""
        match self._catalogue.facts[want]:
            case Unavailable(reason=reason):
                return Incompatibility({package: version}, self._universe.region, Unusable(package, reason))
            case Metadata(requires_python=text) if text:
                excluded = difference(self._universe.region, self._catalogue.python_region(text))
                if excluded != FALSE:
                    return Incompatibility({package: version}, excluded, NeedsPython(package, text))
        return None

    def _in_force(self, package: str, dependency: Dependency, region: int) -> int:
        """Return where a requirement of a release that is selected on a region is in force."""
        region = conjunction(region, dependency.region)
        if dependency.extra and region != FALSE:
            switch = self._extras.get(package, {}).get(dependency.extra)
            return FALSE if switch is None else self._assigned.satisfied(switch, _ON, region)
        return region

    def _rule_out(self, package: str, version: int, text: str, dependencies: Iterable[tuple[Dependency, int]]) -> bool:
        """Rule a release out where its dependencies contradict the partial solution; tell whether that was anywhere."""
        for dependency, where in dependencies:
            for name, mask in self._demands(dependency):
                terms = self._terms(package, version, dependency)
                if name in terms:
                    # A package that requires itself.
                    terms[name] &= mask
                    contradicted = where if terms[name] else FALSE
                else:
                    terms[name] = mask
                    contradicted = self._assigned.satisfied(name, mask, where)
                if contradicted == FALSE:
                    continue
                if name != package and mask == self._assigned.full(name):
                    # Nothing satisfies it. A term that is always true is left out.
                    del terms[name]
                cause = Requires(package, text, dependency)
                scope = conjunction(dependency.region, self._universe.region)
                incompatibility = Incompatibility(terms, scope, cause)
                self._held_back.setdefault(package, name)
                # Learned, but only watched from the other side: this side is looked at before each decision.
                if name in terms:
                    self._watching.setdefault(name, []).append(incompatibility)
                late = self._order.record_conflict(package, [name])
                clash = self._derive(package, incompatibility, contradicted)
                if clash is not None:
                    self._learn_from(clash)
                self._decide_later(late)
                return True
        return False

    def _terms(self, package: str, version: int, dependency: Dependency) -> dict[str, int]:
        """Return the terms that are true while a release requires something."""
        terms = {package: version}
        if dependency.extra:
            terms[self._switch(package, dependency.extra)] = _ON
        return terms

    def _oblige(self, package: str, version: int, text: str, dependencies: Iterable[tuple[Dependency, int]]) -> None:
        """Apply the dependencies of a release that is selected."""
        for dependency, where in dependencies:
            scope = conjunction(dependency.region, self._universe.region)
            cause = Requires(package, text, dependency)
            try:
                clash = self._require(self._terms(package, version, dependency), dependency, scope, where, cause)
            except _Lean as lean:
                self._backjump_before(lean.package)
                return
            if clash is not None:
                self._learn_from(clash)
                return

    def _require_extras(self) -> Asking:
        """Apply the dependencies of extras that came on after their package was selected."""
        package, extra, region = self._switched_on.popleft()
        switch = self._extras[package][extra]
        for version, where in self._assigned.selected.get(package, ()):
            inside = self._assigned.satisfied(switch, _ON, conjunction(where, region))
            if inside == FALSE:
                continue
            release = self._catalogue.versions(package).release(version)
            want = self._catalogue.metadata_wanted(package, release)
            dependencies = [
                (dependency, narrower)
                for dependency in self._catalogue.dependencies(want)
                if dependency.extra == extra and (narrower := conjunction(inside, dependency.region)) != FALSE
            ]
            level, conflicts = self._assigned.level, self.conflicts
            yield from self._introduce(dependencies)
            self._oblige(package, version, release.version, dependencies)
            if (level, conflicts) != (self._assigned.level, self.conflicts):
                return

    def _are_prereleases_wanted(self, package: str, versions: Versions, pending: Pieces) -> bool:
        """Tell whether pre-releases rank with final releases, because what is required of the package names one."""
        if not any(mask & versions.prereleases for mask in pending):
            return False
        if self._problem.policy.prereleases is Prereleases.ALLOW:
            return True
        region = reduce(disjunction, pending.values())
        return are_prereleases_wanted(self._assigned.requirements(package, region))

    # Facts

    def _introduce(self, dependencies: Iterable[tuple[Dependency, int]]) -> Asking:
        """Make the versions of required packages known."""
        dependencies = list(dependencies)
        for dependency, region in dependencies:
            self._catalogue.meet(dependency, region)
        names = dict.fromkeys(dependency.name for dependency, _ in dependencies)
        yield from self._ask([want for name in names for want in self._catalogue.wanted(name)])
        for dependency, _ in dependencies:
            self._catalogue.admit(dependency)
        for name in names:
            if name not in self._assigned:
                self._fresh.append(name)
                self._order.meet(name)
                self._assigned.add(name, self._catalogue.versions(name).full, self._catalogue.given(name))

    def _ask(self, wants: list[Want]) -> Asking:
        missing = tuple(want for want in wants if want not in self._catalogue.facts)
        if missing:
            facts = yield Need(missing, self._hints(missing), self._progress())
            self._catalogue.learn(facts)

    def _hints(self, wanted: Iterable[Want]) -> tuple[Want, ...]:
        """Return the metadata of releases that are likely to be decided, among packages met since the last question."""
        hints: dict[Want, None] = {}
        for package in self._fresh:
            versions = self._catalogue.versions(package)
            for mask in self._assigned.pending(package):
                release = versions.release(self._preference.best(versions, mask))
                hints[self._catalogue.metadata_wanted(package, release)] = None
        self._fresh.clear()
        return tuple(hint for hint in hints if hint not in self._catalogue.facts and hint not in wanted)

    def _progress(self) -> Progress:
        decided = sum(1 for selected in self._assigned.selected.values() if selected)
        known = len(self._assigned.pieces) - len(self._package_of_switch)
        return Progress(decided, known, self.steps, self._order.suspect)

    # Propagation and conflicts

    def _propagate(self) -> Clash | None:
        """Derive what the learned incompatibilities imply, until nothing changes or one of them comes true."""
        if self._jumped:
            self._jumped = False
            for incompatibility in self._about_one_release:
                clash = self._apply(incompatibility)
                if clash is not None:
                    return clash
        while self._changed:
            package, region = self._changed.popleft()
            for incompatibility in reversed(self._watching[package]):
                if conjunction(incompatibility.region, region) != FALSE:
                    clash = self._apply(incompatibility)
                    if clash is not None:
                        return clash
        return None

    def _apply(self, incompatibility: Incompatibility) -> Clash | None:
        """Derive the opposite of each term on the region where all the other terms are true."""
        scope = incompatibility.region
        satisfied = {
            package: self._assigned.satisfied(package, mask, scope) for package, mask in incompatibility.terms.items()
        }
        open_terms = [package for package, region in satisfied.items() if region != scope]
        for package in open_terms or list(satisfied):
            others = scope
            for other, region in satisfied.items():
                if other != package:
                    others = conjunction(others, region)
            if others != FALSE:
                clash = self._derive(package, incompatibility, others)
                if clash is not None:
                    return clash
        return None

    def _learn_from(self, clash: Clash) -> None:
        """Resolve a conflict, jump back, and derive what was learned; raises NoSolution when nothing is left to undo.

        What is learned may come true at another point at once, hence the loop.
        """
        trouble: Clash | None = clash
        while trouble is not None:
            self.steps += 1
            self.conflicts += 1
            lesson = resolve(self._assigned, trouble.incompatibility, sample(trouble.region))
            learned = lesson.incompatibility
            if not learned.terms:
                raise NoSolution(self._problem, self._catalogue, learned)
            others = [self._package(name) for name in learned.terms if name != lesson.affected]
            affected = self._package(lesson.affected)
            late = self._order.record_conflict(affected, [name for name in others if name != affected])
            self._watch(learned)
            self._backjump(lesson.level)
            trouble = self._apply(learned)
            if trouble is None:
                self._decide_later(late)

    def _package(self, name: str) -> str:
        return self._package_of_switch.get(name, (name, ""))[0]

    def _watch(self, incompatibility: Incompatibility) -> None:
        for package in incompatibility.terms:
            self._watching.setdefault(package, []).append(incompatibility)

    def _decide_later(self, packages: Iterable[str]) -> None:
        """Take back the decisions on packages that were moved to the end of the order."""
        for package in packages:
            self._backjump_before(package)

    def _backjump_before(self, package: str) -> None:
        level = self._assigned.decision_level(package)
        if level is not None:
            self._backjump(level - 1)

    def _backjump(self, level: int) -> None:
        touched = self._assigned.backjump(level)
        self._changed.clear()
        self._switched_on.clear()
        self._jumped = True
        for package in sorted(touched):
            if package not in self._package_of_switch:
                self._queue(package)

    # The end

    def solution(self) -> Solution:
        """Return what is selected, and where it is needed."""
        reach = Reach(self._assigned.selected, self._dependencies_of)
        for requirement in self._problem.requirements:
            full = self._universe.full_region(requirement)
            for dependency in self._catalogue.effective(requirement.dependency):
                reach.add(dependency, conjunction(full, dependency.region))
        reach.walk()
        extras: dict[tuple[str, int], dict[str, int]] = {}
        for (name, version, extra), region in reach.extras.items():
            extras.setdefault((name, version), {})[extra] = region
        packages = [
            Selected(
                name=name,
                version=release.version,
                origin=release.origin,
                region=region,
                groups=self._universe.by_group(region),
                extras=dict(sorted(extras.get((name, version), {}).items())),
            )
            for (name, version), region in sorted(reach.needed.items())
            if (release := self._catalogue.versions(name).release(version))
        ]
        return Solution(tuple(packages), self._universe.region, self.steps, self.conflicts)

    def _dependencies_of(self, name: str, version: int) -> Iterable[Dependency]:
        release = self._catalogue.versions(name).release(version)
        return self._catalogue.dependencies(self._catalogue.metadata_wanted(name, release))


class _Lean(Exception):
    """A decided package had better be decided again, with what is known of it since."""

    def __init__(self, package: str) -> None:
        super().__init__(package)
        self.package = package

"""PubGrub as a generator: it asks for facts and never reads one.

    def solve(problem: Problem) -> Generator[Need, Facts, Solution]

Drive it so:

    solving = solve(problem)
    try:
        need = next(solving)
        while True:
            need = solving.send(...)    # an answer for every want in need.wanted; more may be given
    except StopIteration as end:
        return end.value                # the Solution

or let `answering.answer` do that with a function from wants to facts. It raises `NoSolution`, whose message is the
story and whose `proof` is the root of the derivation graph. Between two questions it can be dropped at any time.

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
from functools import partial, reduce
from operator import or_
from typing import TYPE_CHECKING

from chapbook_core.requirements.diagram import FALSE, conjunction, difference, disjunction, sample
from chapbook_core.resolver.assignment import Clash, PartialSolution
from chapbook_core.resolver.catalogue import Catalogue, Reconsider, is_direct
from chapbook_core.resolver.cause import NeedsPython, RootRequires, Unusable
from chapbook_core.resolver.claiming import Claiming
from chapbook_core.resolver.conflict import resolve
from chapbook_core.resolver.extras import ON, Extras
from chapbook_core.resolver.facts import Metadata, MetadataWanted, Unavailable
from chapbook_core.resolver.incompatibility import Incompatibility
from chapbook_core.resolver.inquiry import Inquiry
from chapbook_core.resolver.leaning import Leaning
from chapbook_core.resolver.order import Order, Place
from chapbook_core.resolver.parting import Parting
from chapbook_core.resolver.preference import Preference, are_prereleases_wanted
from chapbook_core.resolver.problem import Prereleases, Solution
from chapbook_core.resolver.propagation import Propagation
from chapbook_core.resolver.reach import needed_packages
from chapbook_core.resolver.rejections import Rejections
from chapbook_core.resolver.self_reference import without_self_references
from chapbook_core.resolver.universe import Universe
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from chapbook_core.resolver.assignment import Pieces
    from chapbook_core.resolver.claim import Claim
    from chapbook_core.resolver.facts import Facts, Need
    from chapbook_core.resolver.inquiry import Asking
    from chapbook_core.resolver.problem import Problem
    from chapbook_core.resolver.versions import Versions


def solve(problem: Problem) -> Generator[Need, Facts, Solution]:
    """Return the best solution of a problem; raises NoSolution."""
    problem = without_self_references(problem)
    universe = Universe(problem)
    catalogue = Catalogue(problem, universe)
    earlier_steps = 0
    while True:
        search = _Search(problem, universe, catalogue)
        try:
            yield from search.run()
        except Reconsider:
            earlier_steps += search.steps
            continue
        return search.solution(earlier_steps)


class _Search:
    """One run of PubGrub's main loop."""

    def __init__(self, problem: Problem, universe: Universe, catalogue: Catalogue) -> None:
        catalogue.start()
        self._problem = problem
        self._universe = universe
        self._catalogue = catalogue
        self._assigned = PartialSolution(universe.region)
        self._propagation = Propagation(self._assigned, self._note_change)
        self._order = Order(problem.prefer)
        roots = list(catalogue.root_dependencies())
        direct = frozenset(dependency.name for dependency in roots)
        locked = [replace(entry, region=universe.with_switches_on(entry.region)) for entry in problem.locked]
        self._parting = Parting(universe.region, roots)
        self._preference = Preference(problem.policy, direct, locked, self._parting.parts)
        self._extras = Extras()
        self._claiming = Claiming(self._assigned, catalogue, self._extras)
        self._switched_on: deque[tuple[str, str, int]] = deque()
        """Extras that came on since their dependencies were looked at: package, extra, where."""
        self._leaning = Leaning(self._assigned, self._preference.keeps_apart)
        self._inquiry = Inquiry(catalogue, self._assigned, self._order, self._preference, lambda: self.steps)
        self._rejections = Rejections()
        self._decisions = 0
        self._conflicts = 0

    @property
    def steps(self) -> int:
        """Decisions, derivations and conflicts so far."""
        return self._decisions + self._propagation.steps + self._conflicts

    def run(self) -> Asking:
        """Decide until every required package is selected wherever it is required."""
        yield from self._require_roots()
        while True:
            clash = self._propagation.run()
            if clash is not None:
                self._learn_from(clash)
            elif self._switched_on:
                yield from self._require_extras()
            elif self._preference.is_kept_by_python and self._preference.parts != self._parting.parts:
                self._choose_for_finer_parts()
            elif (package := self._order.first(self._assigned.is_pending)) is not None:
                yield from self._decide(package)
            else:
                return

    # Requirements

    def _require_roots(self) -> Asking:
        in_force = [
            (RootRequires(requirement), dependency, region)
            for requirement in self._problem.requirements
            for dependency in self._catalogue.effective(requirement.dependency)
            if (region := conjunction(self._universe.solved_region(requirement), dependency.region)) != FALSE
        ]
        yield from self._inquiry.introduce([(dependency, region) for _, dependency, region in in_force])
        self._require(self._claiming.of_project(in_force))

    def _require(self, claims: Iterable[Claim]) -> bool:
        """Narrow what requirements in force ask for; tell whether that went without a jump back."""
        for each in claims:
            self._assigned.require(each.dependency, each.region)
            for package, mask in each.excluded:
                if self._assigned.may_have(package, mask):
                    incompatibility = each.incompatibility(package, mask, self._assigned.full(package))
                    if package not in incompatibility.terms:
                        self._learn_from(Clash(incompatibility, each.region))
                        return False
                    clash = self._propagation.derive(package, incompatibility, each.region)
                    if clash is not None:
                        self._learn_from(clash)
                        return False
            if self._leaning.calls_for_another(each.dependency.name):
                self._backjump_before(each.dependency.name)
                return False
        return True

    def _note_change(self, package: str, region: int) -> None:
        owner = self._extras.owner(package)
        if owner is None:
            self._queue(package)
        else:
            self._switched_on.append((*owner, region))

    def _queue(self, package: str) -> None:
        pending = self._assigned.pending(package)
        if pending:
            self._order.put(package, self._place(package, pending))

    def _place(self, package: str, pending: Iterable[int]) -> Place:
        for mask in pending:
            if mask & (mask - 1):
                return Place.ORDINARY
        versions = self._catalogue.versions(package)
        if all(is_direct(versions.release(mask).origin) for mask in pending):
            return Place.DIRECT_REFERENCE
        return Place.WITHOUT_CHOICE

    # Decisions

    def _decide(self, package: str) -> Asking:
        versions = self._catalogue.versions(package)
        pending = self._assigned.pending(package)
        choose = partial(
            self._preference.choose,
            versions,
            pending,
            selected=self._assigned.selected[package],
            leaning=self._leaning.versions(package),
            prereleases_wanted=self._are_prereleases_wanted(package, versions, pending),
            stopped_by_python=self._assigned.given_as(package, NeedsPython),
        )
        version, region = choose()
        want = self._catalogue.metadata_wanted(package, versions.release(version))
        if want not in self._catalogue.facts:
            yield from self._inquiry.ask([want])
        if self._is_obstructed(package, version, region, want):
            return
        extras = self._extras.of(package)
        every = self._catalogue.dependencies(want, extras)
        dependencies = [
            (dependency, where)
            for dependency in every
            if (where := self._claiming.in_force(package, dependency, region)) != FALSE
        ]
        if dependencies:
            yield from self._inquiry.introduce(dependencies)
        claims = self._claiming.of_release(package, version, want.version, dependencies)
        if self._is_ruled_out(package, version, claims):
            return
        self._decisions += 1
        self._assigned.decide(package, version, region)
        if len(pending) > 1:
            self._parting.leave_open(self._assigned.level, choose, (version, region))
        self._propagation.note(package, region)
        if self._require(claims):
            # It may have asked for an extra of itself.
            met = self._extras.of(package)
            self._parting.meet(every if met is extras else self._catalogue.dependencies(want, met))

    def _choose_for_finer_parts(self) -> None:
        """Go on with finer parts, from the first decision that is another one with them.

        Nothing of what was learned depends on the parts; what is wished for does.
        """
        self._preference.parts = self._parting.parts
        level = self._parting.first_overtaken()
        if level is not None:
            self._leaning.forget()
            self._backjump(level - 1)

    def _is_obstructed(self, package: str, version: int, region: int, want: MetadataWanted) -> bool:
        """Rule a release out for a reason that its list of releases did not tell; say whether that was on a region."""
        obstacle = self._obstacle(package, version, want)
        if obstacle is None:
            return False
        self._propagation.keep(obstacle)
        if conjunction(obstacle.region, region) == FALSE:
            return False
        clash = self._propagation.derive(package, obstacle, obstacle.region)
        if clash is not None:
            self._learn_from(clash)
        return True

    def _obstacle(self, package: str, version: int, want: MetadataWanted) -> Incompatibility | None:
        match self._catalogue.facts[want]:
            case Unavailable(reason=reason):
                return Incompatibility({package: version}, self._universe.region, Unusable(package, reason))
            case Metadata(requires_python=text) if text:
                excluded = difference(self._universe.region, self._catalogue.python_region(text))
                if excluded != FALSE:
                    return Incompatibility({package: version}, excluded, NeedsPython(package, text))
        return None

    def _is_ruled_out(self, package: str, version: int, claims: Iterable[Claim]) -> bool:
        """Rule a release out where its claims contradict the partial solution; tell whether that was anywhere."""
        for each in claims:
            for name, mask in each.excluded:
                of_itself = name in each.terms
                contradicted = each.region if of_itself else self._assigned.satisfied(name, mask, each.region)
                if contradicted == FALSE:
                    continue
                incompatibility = each.incompatibility(name, mask, self._assigned.full(name))
                late = self._record_rejection(package, version, name, incompatibility)
                clash = self._propagation.derive(package, incompatibility, contradicted)
                if clash is not None:
                    self._learn_from(clash)
                self._decide_later(late)
                return True
        return False

    def _record_rejection(self, package: str, version: int, name: str, incompatibility: Incompatibility) -> list[str]:
        """Take note of an incompatibility that was met; return the packages that had better be decided later."""
        other = self._extras.package(name)
        if not self._rejections.add(package, version, name, other):
            return []
        if name in incompatibility.terms:
            # Watched from the other side only: this side is looked at before each decision.
            self._propagation.watch_from(name, incompatibility)
        return self._order.record_conflict(package, [other])

    def _require_extras(self) -> Asking:
        """Apply the requirements of an extra that came on after its package was selected."""
        package, extra, region = self._switched_on.popleft()
        name = self._extras.name(package, extra)
        for version, where in self._assigned.selected.get(package, ()):
            inside = self._assigned.satisfied(name, ON, conjunction(where, region))
            if inside == FALSE:
                continue
            release = self._catalogue.versions(package).release(version)
            want = self._catalogue.metadata_wanted(package, release)
            dependencies = [
                (dependency, narrower)
                for dependency in self._catalogue.dependencies(want, self._extras.of(package))
                if dependency.extra == extra and (narrower := conjunction(inside, dependency.region)) != FALSE
            ]
            yield from self._inquiry.introduce(dependencies)
            if not self._require(self._claiming.of_release(package, version, want.version, dependencies)):
                return
            self._parting.meet(self._catalogue.dependencies(want, self._extras.of(package)))

    def _are_prereleases_wanted(self, package: str, versions: Versions, pending: Pieces) -> bool:
        """Tell whether pre-releases rank with final releases, because what is required of the package names one."""
        possible = reduce(or_, pending)
        if not possible & versions.prereleases:
            return False
        if self._problem.policy.prereleases is Prereleases.ALLOW:
            return True
        region = reduce(disjunction, pending.values())
        return are_prereleases_wanted(self._assigned.requirements(package, region))

    # Conflicts

    def _learn_from(self, clash: Clash) -> None:
        """Resolve a conflict, jump back, and derive what was learned; raises NoSolution when nothing is left to undo.

        What is learned may come true at another point at once, hence the loop.
        """
        trouble: Clash | None = clash
        late: list[str] = []
        while trouble is not None:
            self._conflicts += 1
            lesson = resolve(self._assigned, trouble.incompatibility, sample(trouble.region))
            learned = lesson.incompatibility
            if not learned.terms:
                # Imported here because a solution needs no words.
                from chapbook_core.resolver.explain import NoSolution

                raise NoSolution(self._problem, self._catalogue, learned)
            affected = self._extras.package(lesson.affected)
            others = {self._extras.package(name) for name in learned.terms} - {affected}
            late += self._order.record_conflict(affected, sorted(others))
            self._propagation.watch(learned)
            self._backjump(lesson.level)
            trouble = self._propagation.apply(learned)
        self._decide_later(late)

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
        self._parting.forget_above(level)
        self._propagation.forget_changes()
        self._switched_on.clear()
        for package in sorted(touched):
            if self._extras.owner(package) is None:
                self._queue(package)

    # The end

    def solution(self, earlier_steps: int) -> Solution:
        """Return what is selected, and where it is needed."""
        packages = needed_packages(self._problem, self._universe, self._catalogue, self._assigned.selected)
        return Solution(
            packages=packages,
            universe=self._universe.region,
            steps=earlier_steps + self.steps,
            conflicts=self._conflicts,
            held_back=self._rejections.held_back(self._assigned.selected),
        )

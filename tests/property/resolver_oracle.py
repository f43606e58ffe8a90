"""Random worlds of packages, and the answer found by trying everything, one environment at a time.

`python -m tests.property.resolver_oracle --worlds 5000 --seed 1` compares the solver with it on that many worlds.
Nothing here uses the solver's algebra: constraints and markers are judged by `packaging`.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import product
from typing import Any

from packaging.markers import Marker as PackagingMarker
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from chapbook_core.requirements.marker import Marker
from chapbook_core.resolver.answering import answer
from chapbook_core.resolver.explain import NoSolution
from chapbook_core.resolver.problem import ForkStrategy, Policy, Resolution, Solution
from tests.fakes.world import World, problem_of, selection_in

Environment = Mapping[str, str]
Selection = Mapping[str, str]

PYTHONS = ("3.10", "3.11", "3.12", "3.13")
PLATFORMS = {"linux": ("posix", "Linux"), "win32": ("nt", "Windows")}
ENVIRONMENTS: tuple[Environment, ...] = tuple(
    {
        "python_version": python,
        "python_full_version": f"{python}.0",
        "sys_platform": platform,
        "os_name": PLATFORMS[platform][0],
        "platform_system": PLATFORMS[platform][1],
        "platform_machine": "x86_64",
        "platform_python_implementation": "CPython",
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "platform_release": "",
        "platform_version": "",
    }
    for python, platform in product(PYTHONS, PLATFORMS)
)
ROOT = {
    "python": ">=3.10,<3.14",
    "environments": ["sys_platform == 'linux'", "sys_platform == 'win32'"],
}
MARKERS = (
    "python_version < '3.11'",
    "python_version >= '3.11'",
    "python_version >= '3.12'",
    "python_version < '3.13'",
    "python_version == '3.12'",
    "sys_platform == 'win32'",
    "sys_platform != 'win32'",
    "sys_platform == 'win32' and python_version >= '3.12'",
    "os_name == 'posix' or python_version < '3.12'",
    "platform_system == 'Linux'",
)
REQUIRES_PYTHON = (">=3.8", ">=3.11", ">=3.12", "<3.13", ">=3.10,<3.12", "!=3.11.*")
STRICT = ("", "", "", ">=2", "<2", ">=3", "<=2", "==1", "==2", "==3", "!=2", ">1,<4", "~=2.0")
LENIENT = ("", "", "", "", ">=1", ">=2", "<3", "<4", "<=2", "!=1", "!=2")
"""With these about half of the worlds have a solution."""


@dataclass(frozen=True)
class Shape:
    """How large and how tangled a world is."""

    packages: int
    versions: int
    requirements: int
    markers: float
    extras: float
    requires_python: float
    specifiers: tuple[str, ...]


@dataclass
class Tally:
    """What a run of comparisons saw."""

    solvable: int = 0
    unsolvable: int = 0
    wrong: list[str] = field(default_factory=list)
    steps: Counter[str] = field(default_factory=Counter)


def random_shape(chance: random.Random) -> Shape:
    return Shape(
        packages=chance.randint(2, 7),
        versions=chance.randint(1, 4),
        requirements=chance.randint(1, 3),
        markers=chance.choice((0.0, 0.3, 0.6)),
        extras=chance.choice((0.0, 0.2, 0.5)),
        requires_python=chance.choice((0.0, 0.0, 0.2, 0.4)),
        specifiers=chance.choice((STRICT, LENIENT, LENIENT)),
    )


def random_world(chance: random.Random, shape: Shape) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return packages and a root, in the form of `tests.fakes.world`."""
    names = [chr(ord("a") + index) for index in range(shape.packages)]
    packages: dict[str, Any] = {}
    for name in names:
        packages[name] = {}
        for version in range(1, chance.randint(1, shape.versions) + 1):
            requires = [
                random_requirement(chance, chance.choice(names), shape, own_extras=True)
                for _ in range(chance.randint(0, shape.requirements))
            ]
            packages[name][f"{version}.0"] = {"requires": requires}
            if chance.random() < shape.requires_python:
                packages[name][f"{version}.0"]["python"] = chance.choice(REQUIRES_PYTHON)
    if chance.random() < 0.1:
        del packages[names[-1]]
    wanted = chance.sample(names, chance.randint(1, min(4, len(names))))
    root: dict[str, Any] = {
        **ROOT,
        "requires": [random_requirement(chance, name, shape, own_extras=False) for name in wanted],
    }
    if chance.random() < 0.2:
        root["requires"].append(random_requirement(chance, chance.choice(names), shape, own_extras=False))
    if chance.random() < 0.2:
        root["constraints"] = [f"{chance.choice(names)}{chance.choice(('<3', '>=2', '!=2'))}"]
    return packages, root


def random_requirement(chance: random.Random, name: str, shape: Shape, *, own_extras: bool) -> str:
    """Return the text of a requirement; with `own_extras` it may belong to an extra of whoever has it."""
    extras = f"[{chance.choice(('x', 'y', 'x,y'))}]" if chance.random() < shape.extras else ""
    markers = [chance.choice(MARKERS)] if chance.random() < shape.markers else []
    if own_extras and chance.random() < shape.extras:
        markers = [f"({marker})" for marker in markers] + [chance.choice(("extra == 'x'", "extra == 'y'"))]
    text = f"{name}{extras}{chance.choice(shape.specifiers)}"
    return f"{text} ; {' and '.join(markers)}" if markers else text


@lru_cache(maxsize=65536)
def requirement(text: str) -> Requirement:
    return Requirement(text)


@lru_cache(maxsize=65536)
def allows(specifier: str, version: str) -> bool:
    return SpecifierSet(specifier).contains(version, prereleases=True)


@lru_cache(maxsize=65536)
def holds(marker: str, index: int, extra: str) -> bool:
    return PackagingMarker(marker).evaluate({**ENVIRONMENTS[index], "extra": extra})


def is_in_force(need: Requirement, index: int, extras: frozenset[str]) -> bool:
    marker = str(need.marker) if need.marker else ""
    return not marker or any(holds(marker, index, extra) for extra in (extras or {""}))


def requirements_in_force(texts: list[str], index: int, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in texts:
        need = requirement(text)
        if is_in_force(need, index, frozenset({"", *extras})):
            yield need


def closure(
    packages: Mapping[str, Any], root: Mapping[str, Any], index: int, selection: Selection
) -> tuple[dict[str, set[str]], list[Requirement]]:
    """Return what is reached from the root through a selection, with extras, and the requirements on the way."""
    reached: dict[str, set[str]] = {}
    needs: list[Requirement] = list(requirements_in_force(root["requires"], index, frozenset()))
    seen = 0
    done: set[tuple[str, frozenset[str]]] = set()
    while seen < len(needs):
        need = needs[seen]
        seen += 1
        extras = reached.setdefault(need.name, set())
        extras |= need.extras
        state = (need.name, frozenset(extras))
        if need.name in selection and state not in done:
            done.add(state)
            texts = packages[need.name][selection[need.name]].get("requires", [])
            needs.extend(requirements_in_force(texts, index, frozenset(extras)))
    return reached, needs


def candidates(packages: Mapping[str, Any], root: Mapping[str, Any], index: int, name: str) -> list[str]:
    """Return the versions that run in an environment, newest first."""
    python = ENVIRONMENTS[index]["python_full_version"]
    limits = [need for text in root.get("constraints", []) if (need := requirement(text)).name == name]
    return [
        version
        for version, release in reversed(packages.get(name, {}).items())
        if allows(release.get("python", ""), python)
        and all(allows(str(limit.specifier), version) for limit in limits if is_in_force(limit, index, frozenset()))
    ]


def find_selection(packages: Mapping[str, Any], root: Mapping[str, Any], index: int) -> dict[str, str] | None:
    """Return any valid selection for one environment, by trying all."""

    def attempt(selection: dict[str, str]) -> dict[str, str] | None:
        reached, needs = closure(packages, root, index, selection)
        if any(need.name in selection and not allows(str(need.specifier), selection[need.name]) for need in needs):
            return None
        missing = [name for name in reached if name not in selection]
        if not missing:
            return selection
        for version in candidates(packages, root, index, missing[0]):
            found = attempt({**selection, missing[0]: version})
            if found is not None:
                return found
        return None

    return attempt({})


def mistakes_in(
    packages: Mapping[str, Any], root: Mapping[str, Any], index: int, selection: Selection
) -> Iterator[str]:
    """Yield what is wrong with a selection for one environment."""
    reached, needs = closure(packages, root, index, selection)
    for need in needs:
        if need.name not in selection:
            yield f"`{need}` is not met: nothing selected"
        elif not allows(str(need.specifier), selection[need.name]):
            yield f"`{need}` is not met: {selection[need.name]} is selected"
    for name, version in selection.items():
        if name not in reached:
            yield f"{name} {version} is not needed"
        elif version not in candidates(packages, root, index, name):
            yield f"{name} {version} does not run there"


def compare(packages: dict[str, Any], root: dict[str, Any], policy: Policy | None = None) -> tuple[bool, list[str]]:
    """Return whether a world has a solution, and how the solver's answer is wrong."""
    possible = [find_selection(packages, root, index) is not None for index in range(len(ENVIRONMENTS))]
    problem = problem_of(root, policy)
    try:
        solution = answer(problem, World(packages).tell)
    except NoSolution as failure:
        where = [Marker(failure.proof.region).evaluate(environment) for environment in ENVIRONMENTS]
        wrong = [
            f"{ENVIRONMENTS[index]['python_version']} {ENVIRONMENTS[index]['sys_platform']} has a solution"
            for index, blamed in enumerate(where)
            if blamed and possible[index]
        ]
        if not any(where):
            wrong.append("no environment is blamed")
        return False, wrong
    wrong = [] if all(possible) else ["there is no solution"]
    for index, environment in enumerate(ENVIRONMENTS):
        selection = selection_in(solution, environment)
        wrong += [f"{environment['python_version']} {environment['sys_platform']}: {mistake}"
                  for mistake in mistakes_in(packages, root, index, selection)]  # fmt: skip
    return True, wrong


def summary(solution: Solution) -> list[tuple[str, str, int]]:
    return [(package.name, package.version, package.region) for package in solution.packages]


POLICIES = (
    Policy(),
    Policy(),
    Policy(fork_strategy=ForkStrategy.REQUIRES_PYTHON),
    Policy(resolution=Resolution.LOWEST),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--worlds", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    tally = Tally()
    began = time.process_time()
    for number in range(options.worlds):
        chance = random.Random(f"{options.seed}-{number}")
        packages, root = random_world(chance, random_shape(chance))
        solvable, wrong = compare(packages, root, chance.choice(POLICIES))
        tally.solvable += solvable
        tally.unsolvable += not solvable
        if wrong:
            tally.wrong.append(f"world {options.seed}-{number}: {wrong[:3]}")
            sys.stdout.write(f"{tally.wrong[-1]}\n")
    spent = time.process_time() - began
    sys.stdout.write(
        f"{options.worlds} worlds: {tally.solvable} solvable, {tally.unsolvable} not, "
        f"{len(tally.wrong)} wrong answers, {spent:.1f} s\n"
    )


if __name__ == "__main__":
    main()

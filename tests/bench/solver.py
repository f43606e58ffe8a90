"""Time, steps and memory of the solver on made-up registries: `python -m tests.bench.solver [PACKAGES...]`.

A world has layers of packages; each version requires a few packages of deeper layers with bounds that mostly agree,
some under markers, some with extras; a tenth of the versions pin what the next ones cannot live with. All facts are in
memory before the clock starts, so what is measured is the search alone.
"""

from __future__ import annotations

import gc
import random
import sys
import time
import tracemalloc
from typing import Any

from chapbook_core.requirements.marker import parse_marker
from chapbook_core.resolver.answering import answer
from chapbook_core.resolver.facts import Dependency, Listed, Metadata, MetadataWanted, Unavailable, VersionsWanted, Want
from chapbook_core.resolver.problem import Problem, RootRequirement, Solution
from chapbook_core.resolver.versions import Release, Versions

SIZES = (100, 1_000, 10_000)
VERSIONS = 30
LAYERS = 12
MARKERS = (
    "",
    "",
    "",
    "",
    "sys_platform == 'win32'",
    "python_version < '3.12'",
    "platform_machine == 'x86_64'",
    "sys_platform != 'win32' and python_version >= '3.11'",
)


class Registry:
    """Facts, made once."""

    def __init__(self, packages: int, seed: int) -> None:
        chance = random.Random(f"{packages}-{seed}")
        self.names = [f"p{index}" for index in range(packages)]
        self.facts: dict[Want, Versions | Metadata | Unavailable] = {}
        per_layer = max(1, packages // LAYERS)
        for index, name in enumerate(self.names):
            deeper = range((index // per_layer + 1) * per_layer, packages)
            self._add(chance, name, deeper)
        self.roots = self.names[:per_layer]

    def _add(self, chance: random.Random, name: str, deeper: range) -> None:
        releases = [Release(f"{1 + number // 10}.{number % 10}", ">=3.8") for number in range(VERSIONS)]
        self.facts[VersionsWanted(name)] = Versions(name, releases)
        required = [f"p{chance.choice(deeper)}" for _ in range(chance.randint(0, 6))] if deeper else []
        required = list(dict.fromkeys(required))
        markers = [parse_marker(chance.choice(MARKERS)).node for _ in required]
        for number, release in enumerate(releases):
            dependencies = []
            for other, region in zip(required, markers, strict=True):
                lower = max(0, number - 12)
                constraint = f">={1 + lower // 10}.{lower % 10}"
                if number > VERSIONS * 0.8 and chance.random() < 0.1:
                    constraint += ",<3.5"
                dependencies.append(Dependency(other, constraint, region))
            self.facts[MetadataWanted(name, release.version)] = Metadata(Listed(tuple(dependencies)))

    def problem(self) -> Problem:
        requirements = tuple(RootRequirement(Dependency(name, ">=1.5")) for name in self.roots)
        return Problem(requirements, parse_marker("python_version >= '3.10'").node)


def measure(packages: int) -> dict[str, Any]:
    registry = Registry(packages, seed=1)
    problem = registry.problem()
    # The facts stay as they are, so the collector need not walk them again and again.
    gc.collect()
    gc.freeze()
    times = []
    solution: Solution | None = None
    for _ in range(3):
        began = time.process_time()
        solution = answer(problem, registry.facts.__getitem__)
        times.append(time.process_time() - began)
    assert solution is not None
    gc.unfreeze()
    tracemalloc.start()
    answer(problem, registry.facts.__getitem__)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return {
        "packages": len(registry.names),
        "selected": len(solution.packages),
        "steps": solution.steps,
        "conflicts": solution.conflicts,
        "first ms": times[0] * 1000,
        "best ms": min(times) * 1000,
        "us a step": min(times) * 1e6 / solution.steps,
        "peak MB": peak / 1e6,
    }


def main() -> None:
    sizes = [int(text) for text in sys.argv[1:]] or SIZES
    for place, size in enumerate(sizes):
        row = measure(size)
        if place == 0:
            sys.stdout.write(" ".join(f"{title:>10}" for title in row) + "\n")
        sys.stdout.write(
            " ".join(f"{value:>10.1f}" if isinstance(value, float) else f"{value:>10}" for value in row.values()) + "\n"
        )


if __name__ == "__main__":
    main()

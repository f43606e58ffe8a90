"""What reading and comparing versions, constraints and requirements costs, beside packaging and poetry-core.

Run as `python -m tests.bench.requirements`; prints a table of microseconds of CPU time, each the best of several runs.
"""

from __future__ import annotations

import subprocess
import sys
from time import process_time
from typing import TYPE_CHECKING, TypeVar

from packaging.requirements import Requirement as PackagingRequirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version
from poetry.core.constraints.version.parser import _parse_constraint as poetry_parse

from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.requirement import parse_requirement
from chapbook_core.requirements.version_key import version_key

Item = TypeVar("Item")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

VERSIONS = [
    f"{major}.{minor}.{patch}{suffix}"
    for major in range(4)
    for minor in range(12)
    for patch in range(20)
    for suffix in ("", "rc1")
]
CONSTRAINTS = [
    text
    for minor in range(60)
    for text in (
        f">=1.{minor},<2",
        f"==1.{minor}.*",
        f"~=1.{minor}.1",
        f">=2.7,!=3.{minor}.*,!=3.1.*,<4",
        f">=1.{minor}",
        f"!=1.{minor}.5",
    )
]
REQUIREMENTS = [
    text
    for minor in range(100)
    for text in (
        f"requests (>=2.{minor},<3)",
        f"name[a,b]>=1.{minor}; python_version < '3.9'",
        f"name==1.{minor}.*",
        f"typing-extensions>=4.{minor} ; python_version < '3.11'",
    )
]


def main() -> None:
    """Print the table."""
    left, right = parse_constraint(">=1.2,<3,!=2.5"), parse_constraint("^2.1")
    their_left, their_right = (SpecifierSet(text).to_range() for text in (">=1.2,<3,!=2.5", ">=2.1,<3"))
    version, key_of = Version("2.3.4"), version_key.__wrapped__
    rows: list[tuple[str, float, float | None, float | None]] = [
        ("version: to key / parse", cost(key_of, VERSIONS), cost(Version, VERSIONS), None),
        (
            "constraint: read, cold",
            cost(parse_constraint.__wrapped__, CONSTRAINTS),
            cost(to_range, CONSTRAINTS),
            cost(poetry_parse, CONSTRAINTS),
        ),
        ("constraint: read, known text", cost(parse_constraint, CONSTRAINTS), None, None),
        (
            "constraint: intersect",
            cost(lambda other: left & other, [right] * 500),
            cost(lambda other: their_left & other, [their_right] * 500),
            None,
        ),
        ("constraint: allows", cost(left.allows, [version] * 500), cost(their_left.contains, [version] * 500), None),
        (
            "constraint: is_disjoint",
            cost(left.is_disjoint, [right] * 500),
            cost(their_left.is_disjoint, [their_right] * 500),
            None,
        ),
        (
            "requirement: read, cold",
            cost(parse_requirement.__wrapped__, REQUIREMENTS),
            cost(PackagingRequirement, REQUIREMENTS),
            None,
        ),
        ("requirement: read, known text", cost(parse_requirement, REQUIREMENTS), None, None),
    ]
    lines = [f"{'us':32}{'chapbook':>10}{'packaging':>11}{'poetry-core':>13}"]
    for name, ours, packagings, poetrys in rows:
        lines.append(f"{name:32}{figure(ours):>10}{figure(packagings):>11}{figure(poetrys):>13}")
    lines += ["", "import, ms of CPU above an empty start"]
    empty = start("pass")
    for module in ("constraint", "requirement", "argument", "target"):
        lines.append(f"{module:32}{figure(start(f'import chapbook_core.requirements.{module}') - empty):>10}")
    sys.stdout.write("\n".join([*lines, ""]))


def figure(value: float | None) -> str:
    """Return two decimals, or a dash for what has no counterpart."""
    return "-" if value is None else f"{value:.2f}"


def to_range(text: str) -> object:
    """Read a specifier set as packaging's counterpart of a constraint."""
    return SpecifierSet(text).to_range()


def cost(function: Callable[[Item], object], items: Iterable[Item]) -> float:
    """Return the microseconds of CPU time of one call, the best of seven rounds."""
    items = list(items)
    best = float("inf")
    for _ in range(7):
        begun = process_time()
        for item in items:
            function(item)
        best = min(best, process_time() - begun)
    return best / len(items) * 1e6


def start(code: str) -> float:
    """Return the milliseconds of CPU time that a fresh interpreter spends on some code."""
    timed = f"import time; t = time.process_time(); {code}; print((time.process_time() - t) * 1000)"
    return min(
        float(subprocess.run([sys.executable, "-c", timed], capture_output=True, text=True, check=True).stdout)
        for _ in range(7)
    )


if __name__ == "__main__":
    main()

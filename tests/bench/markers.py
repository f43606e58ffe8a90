"""What the algebra of markers costs beside poetry-core's: `python -m tests.bench.markers`.

The markers are those in the metadata of the distributions installed here, and a list of typical ones. Times are CPU
microseconds for one operation, the least of some runs; every pair of markers is combined.
"""

from __future__ import annotations

import argparse
import time
from importlib.metadata import distributions
from typing import TYPE_CHECKING

from poetry.core.version import markers as poetry

from chapbook_core.requirements import diagram, marker_comparison, marker_parser, marker_text, marker_variable
from chapbook_core.requirements.marker import Marker, parse_marker
from tests.property.marker_samples import REAL_MARKERS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# Poetry has no sets, and refuses some forms.
_SETS = ("extras", "dependency_groups")


def texts() -> list[str]:
    """Return the distinct markers that both sides read."""
    found = set(REAL_MARKERS)
    for distribution in distributions():
        found.update(line.split(";", 1)[1].strip() for line in distribution.requires or () if ";" in line)
    return sorted(text for text in found if not any(name in text for name in _SETS) and _is_read_by_poetry(text))


def _is_read_by_poetry(text: str) -> bool:
    try:
        poetry.parse_marker(text)
    except Exception:  # noqa: BLE001  # whatever a peer raises, the form is left out for both
        return False
    return True


def forget_ours(*, nodes: bool = False) -> None:
    """Drop what was remembered: memos always, comparisons and their nodes too when asked."""
    diagram._conjunctions.clear()
    diagram._disjunctions.clear()
    diagram._complements.clear()
    marker_text._text.cache_clear()
    if nodes:
        marker_variable.comparison.cache_clear()
        for function in (marker_comparison.at_least, marker_comparison.exactly, marker_comparison.equal):
            function.cache_clear()


def forget_poetrys() -> None:
    """Drop the results that poetry-core keeps in its caches."""
    for name in ("parse_marker", "_compact_markers", "intersection", "union", "cnf", "dnf", "_merge_single_markers"):
        clear = getattr(getattr(poetry, name, None), "cache_clear", None)
        if clear is not None:
            clear()


def least(work: Callable[[], object], prepare: Callable[[], object], count: int, runs: int) -> float:
    """Return the CPU time of one of `count` operations, in microseconds."""
    best = float("inf")
    for _ in range(runs):
        prepare()
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best / count * 1e6


def nothing() -> None:
    """Prepare nothing."""


def every(operation: Callable[..., object], arguments: Iterable[tuple[object, ...]]) -> Callable[[], object]:
    """Return the work of doing one thing to many arguments."""
    kept = list(arguments)

    def work() -> None:
        for each in kept:
            operation(*each)

    return work


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--markers", type=int, default=70, help="how many of the markers are paired with each other")
    options = parser.parse_args()
    written = texts()
    chosen = written[:: max(1, len(written) // options.markers)]
    ours = sorted({parse_marker(text) for text in chosen}, key=lambda marker: marker.node)
    theirs = [poetry.parse_marker(text) for text in chosen]
    pairs = [(a, b) for index, a in enumerate(ours) for b in ours[:index]]
    their_pairs = [(a, b) for index, a in enumerate(theirs) for b in theirs[:index]]
    runs = options.runs

    def forget_all() -> None:
        forget_ours(nodes=True)

    def disjoint(a: poetry.BaseMarker, b: poetry.BaseMarker) -> bool:
        return a.intersect(b).is_empty()

    def their_text(a: poetry.BaseMarker, b: poetry.BaseMarker) -> str:
        return str(a.union(b))

    parsed = [(text,) for text in written]
    rows = [
        (
            "parse, cold",
            least(every(marker_parser.read_marker, parsed), forget_all, len(parsed), runs),
            least(every(poetry.parse_marker, parsed), forget_poetrys, len(parsed), runs),
        ),
        (
            "parse, again",
            least(every(parse_marker, parsed), nothing, len(parsed), runs),
            least(every(poetry.parse_marker, parsed), nothing, len(parsed), runs),
        ),
        (
            "conjunction, cold",
            least(every(Marker.__and__, pairs), forget_ours, len(pairs), runs),
            least(every(lambda a, b: a.intersect(b), their_pairs), forget_poetrys, len(their_pairs), runs),
        ),
        (
            "conjunction, again",
            least(every(Marker.__and__, pairs), nothing, len(pairs), runs),
            least(every(lambda a, b: a.intersect(b), their_pairs), nothing, len(their_pairs), runs),
        ),
        (
            "disjointness, cold",
            least(every(Marker.is_disjoint, pairs), forget_ours, len(pairs), runs),
            least(every(disjoint, their_pairs), forget_poetrys, len(their_pairs), runs),
        ),
        (
            "disjointness, again",
            least(every(Marker.is_disjoint, pairs), nothing, len(pairs), runs),
            least(every(disjoint, their_pairs), nothing, len(their_pairs), runs),
        ),
        (
            "union and text, cold",
            least(every(lambda a, b: str(a | b), pairs[::4]), forget_all, len(pairs[::4]), runs),
            least(every(their_text, their_pairs[::4]), forget_poetrys, len(their_pairs[::4]), runs),
        ),
    ]
    print(f"{len(written)} markers parsed, {len(pairs)} and {len(their_pairs)} pairs; CPU microseconds an operation")  # noqa: T201  # a bench prints
    print(f"{'':22}{'ours':>10}{'poetry-core':>14}{'ratio':>9}")  # noqa: T201  # likewise
    for name, our_time, their_time in rows:
        print(f"{name:22}{our_time:10.2f}{their_time:14.2f}{their_time / our_time:8.0f}x")  # noqa: T201  # likewise


if __name__ == "__main__":
    main()

"""Long random sequences of commands in one project: `python -m tests.faults.long_walks --walks 20 --steps 40`.

After each step project file and lock must belong together, and the environment must hold what is locked. A step that
failed or that only reads must have changed nothing, and nothing may be left over, be it among the temporary files.
`undo` and `redo` must bring back the bytes that were there. Each walk has a seed of its own, which brings it back.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.index import FakeIndex
from tests.faults.verdict import counted, verdict
from tests.faults.walk_steps import BESIDE, Typist, put_beside, serve
from tests.faults.walker import Walker
from tests.interop.poetry_program import ResidentPoetry

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.interop.poetry_program import Poetry


@dataclass
class Tally:
    """What some walks have shown."""

    steps: Counter[str] = field(default_factory=Counter)
    """How often each command was done, and how often it failed."""
    wrong: list[str] = field(default_factory=list)


def run_walks(walks: int, steps: int, seed: int, pythons: Sequence[str], poetry: Poetry | None = None) -> Tally:
    """Walk so often, each time so far, or until something is wrong."""
    tally = Tally()
    with FakeIndex() as index:
        serve(index)
        address = index.url_of(index.files("addressed")[0])
        for number in range(seed, seed + walks):
            chance = random.Random(number)
            with tempfile.TemporaryDirectory(prefix="long-walks-") as folder:
                walker = Walker(Path(folder), index.url, poetry)
                walker.begin(chance)
                put_beside(walker.folder, index.files(BESIDE)[0].body)
                _walk(walker, Typist(chance, walker.folder, address, pythons), steps, tally)
    return tally


def _walk(walker: Walker, typist: Typist, steps: int, tally: Tally) -> None:
    taken: list[str] = []
    for _ in range(steps):
        words = typist.next_step(walker.names())
        status, wrong = walker.step(words)
        taken.append(" ".join(words) + (f" ({status})" if status else ""))
        tally.steps[f"{words[0]} {'failed' if status else 'done'}"] += 1
        if wrong:
            tally.wrong.append("\n  ".join([f"after {'; '.join(taken)}", *wrong]))
            return


def main() -> None:
    """Walk from the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--walks", type=int, default=20)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--seed", type=int, default=0, help="of the first walk; the next ones count on")
    parser.add_argument("--poetry", action="store_true", help="ask Poetry too whether anything is wrong")
    parser.add_argument("--python", action="append", default=[], help="a Python to change to, besides the running one")
    words = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as home, ResidentPoetry(Path(home)) if words.poetry else nullcontext() as poetry:
        tally = run_walks(words.walks, words.steps, words.seed, [sys.executable, *words.python], poetry)
    seeds = f"seeds {words.seed} to {words.seed + words.walks - 1}"
    told = f"{words.walks} walks, {seeds}, {time.monotonic() - began:.0f} s; wrong: {len(tally.wrong)}"
    sys.exit(verdict(told, *counted(sorted(tally.steps.items())), wrong=tally.wrong))


if __name__ == "__main__":
    main()

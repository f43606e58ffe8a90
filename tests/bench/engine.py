"""A long-lived process that locks a project when it is told to, as an engine does: `python -m tests.bench.engine`."""

from __future__ import annotations

import gc
import importlib
import json
import os
import resource
import subprocess
import sys
import time
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Self, TextIO

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.engine.warming import warm_up
from chapbook_core.events import Unwatched
from chapbook_core.index.memory import Memory
from tests.bench.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType


class BenchEngine:
    """The process seen from outside."""

    def __init__(self, project: Path, environment: dict[str, str]) -> None:
        command = [sys.executable, "-m", "tests.bench.engine", str(project)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            text=True,
            cwd=Path(__file__).parents[2],
        )
        # It locks once to import everything; then once more to have something to remember.
        assert self._process.stdout is not None
        self._process.stdout.readline()
        self.lock("memory")

    def lock(self, state: str) -> Sample:
        """Lock with a `memory` of former runs, or with what is on `disk` alone."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{state}\n")
        self._process.stdin.flush()
        wall, cpu, memory = json.loads(self._process.stdout.readline())
        return Sample(wall, cpu, memory)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, problem: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._process as process:
            process.terminate()


def main(project: Path) -> None:
    """Answer each line of input with what a run cost."""
    _import_everything(project)
    # What is there by now is left alone by the collector, so that forks share it.
    gc.freeze()
    knowing = _Fork(partial(_lock_again_and_again, project))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    for line in sys.stdin:
        if line.strip() == "memory":
            answer = knowing.ask()
        else:
            fork = _Fork(partial(_lock_once, project))
            answer = fork.ask()
            fork.end()
        sys.stdout.write(answer)
        sys.stdout.flush()
    knowing.end()


_MEMORY = Memory()


class _Fork:
    """A copy of this process that answers."""

    def __init__(self, work: Callable[[TextIO, TextIO], None]) -> None:
        (asked, ask), (answer, answered) = os.pipe(), os.pipe()
        self._process = os.fork()
        if self._process == 0:
            # Without the far ends the copy does not see that its parent is gone.
            os.close(ask)
            os.close(answer)
            try:
                with os.fdopen(asked) as questions, os.fdopen(answered, "w") as answers:
                    work(questions, answers)
            finally:
                os._exit(0)
        os.close(asked)
        os.close(answered)
        self._ask = os.fdopen(ask, "w")
        self._answer = os.fdopen(answer)

    def ask(self) -> str:
        """Let it do its work once more."""
        self._ask.write("go\n")
        self._ask.flush()
        return self._answer.readline()

    def end(self) -> None:
        """Let it end."""
        self._ask.close()
        self._answer.close()
        os.waitpid(self._process, 0)


def _import_everything(project: Path) -> None:
    """Import what a run of locking imports, and leave no other trace of one."""

    def work(_questions: TextIO, answers: TextIO) -> None:
        _lock(project, "--regenerate", "--dry-run")
        answers.write(f"{' '.join(sys.modules)}\n")

    fork = _Fork(work)
    for name in fork.ask().split():
        with suppress(ImportError):
            importlib.import_module(name)
    fork.end()
    # And so does an engine while it waits for its first command.
    warm_up(lambda: True)


def _lock_once(project: Path, _questions: TextIO, answers: TextIO) -> None:
    answers.write(_measured(project))


def _lock_again_and_again(project: Path, questions: TextIO, answers: TextIO) -> None:
    for _question in questions:
        answers.write(_measured(project))
        answers.flush()


def _measured(project: Path) -> str:
    cpu, wall = time.process_time(), time.perf_counter()
    _lock(project)
    spent = time.perf_counter() - wall, time.process_time() - cpu
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return json.dumps([*spent, kilobytes * 1024]) + "\n"


def _lock(project: Path, *words: str) -> None:
    surroundings = Surroundings(
        folder=project,
        variables=dict(os.environ),
        home=Path.home(),
        python=sys.version_info[:2],
        memory=_MEMORY,
    )
    invocation = parse(["lock", *words], BY_NAME).invocation
    assert invocation is not None
    perform(invocation, surroundings, Unwatched()).report()


if __name__ == "__main__":
    main(Path(sys.argv[1]))

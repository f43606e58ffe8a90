"""Commands as a kernel gives them: with what it has loaded, and maybe somebody who answers."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.dispatch import perform
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.running_kernel import RunningKernel
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.commands.words import parse
from chapbook_core.events import Unwatched

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chapbook_core.commands.report import Result
    from chapbook_core.events import Watcher

_TELL = """
import importlib, json, sys
for name in json.loads(sys.argv[1]):
    importlib.import_module(name)
loaded = {name: module.__file__ for name, module in list(sys.modules.items()) if getattr(module, "__file__", None)}
print(json.dumps({"prefix": sys.prefix, "modules": loaded}), flush=True)
for line in sys.stdin:
    try:
        print(repr(eval(line)), flush=True)
    except Exception as error:
        print(type(error).__name__, error, flush=True)
"""


class Answering:
    """Answers questions from a list."""

    def __init__(self, *answers: str) -> None:
        self._answers = list(answers)
        self.heard: list[str] = []

    def ask(self, question: str, default: str = "", check: Callable[[str], str | None] | None = None) -> str:
        self.heard.append(question)
        answer = self._answers.pop(0) or default
        while check is not None and (wrong := check(answer)) is not None:
            self.heard.append(wrong)
            answer = self._answers.pop(0) or default
        return answer

    def ask_secret(self, question: str) -> str:
        return self.ask(question)

    def confirm(self, question: str, *, default: bool) -> bool:
        return self.ask(question, "yes" if default else "no") == "yes"

    def choose(self, question: str, choices: Sequence[str], chosen: Sequence[str] = ()) -> tuple[str, ...]:
        self.heard.append(question)
        return tuple(chosen or choices)

    def tell(self, text: str) -> None:
        self.heard.append(text)


class Kernel:
    """A Python of the project that has imported something, and evaluates what it is given."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        told = json.loads(self._line())
        self.value = RunningKernel(Path(told["prefix"]), process.pid, "", told["modules"])

    def started(self, *pins: str) -> RunningKernel:
        """Return the kernel with the versions that it has, as in `a=1.0`."""
        return replace(self.value, started=dict(pin.split("=") for pin in pins))

    def evaluate(self, expression: str) -> str:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{expression}\n")
        self._process.stdin.flush()
        return self._line().strip()

    def _line(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def running_kernel(project: Path, *modules: str, python: Path | None = None) -> Iterator[Kernel]:
    """Start the Python of the project's environment, or another one, and let it import something."""
    words = [str(python or project / ".venv" / "bin" / "python"), "-I", "-c", _TELL, json.dumps(modules)]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Kernel(process)
        finally:
            process.kill()


def perform_inside(
    folder: Path,
    words: str,
    kernel: RunningKernel | None = None,
    ask: Answering | None = None,
    watcher: Watcher | None = None,
) -> Result:
    """Perform a command as the engine does."""
    invocation = parse(words.split(), BY_NAME).invocation
    assert invocation is not None
    surroundings = Surroundings(
        folder=folder,
        variables=dict(os.environ),
        home=Path.home(),
        python=sys.version_info[:2],
        ask=ask,
        kernel=kernel,
    )
    return perform(invocation, surroundings, watcher or Unwatched())


def told(result: Result) -> str:
    """Return the text of a result."""
    from chapbook_core.commands.text import Writing, write_text

    return write_text(result.report(), Writing())

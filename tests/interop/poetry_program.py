"""Real Poetry and our own command, run in a folder as a person would run them."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, Self

from chapbook_core.cli import main

if TYPE_CHECKING:
    from types import TracebackType

POETRY = shutil.which(os.environ.get("CHAPBOOK_TEST_POETRY", "poetry"))
WITHOUT_POETRY = "needs Poetry: put it on PATH or name it in CHAPBOOK_TEST_POETRY"
_PLANNED = re.compile(r"- Installing (?P<name>\S+) \((?P<version>\S+?)(?: [^)]*)?\)(?P<rest>.*)")
_OPTIONS = ("--no-ansi", "--no-interaction")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said."""

    succeeded: bool
    text: str


class Poetry(Protocol):
    """A way to run Poetry."""

    def __call__(self, folder: Path, *words: str, environment: Path | None = None) -> Answer:
        """Run it in a folder, and for a virtual environment when one is named."""
        ...


class Chapbook(Protocol):
    """A way to run our own command."""

    def __call__(self, folder: Path, *words: str) -> Answer:
        """Run it in a folder."""
        ...


def chapbook_started(folder: Path, *words: str) -> Answer:
    """Run our command in a process of its own."""
    return _run([sys.executable, "-m", "chapbook_core.cli", *words], folder)


def chapbook_here(folder: Path, *words: str) -> Answer:
    """Run our command in this process."""
    output = io.StringIO()
    with redirect_stdout(output), redirect_stderr(output):
        status = main(["-C", str(folder), *words])
    return Answer(status == 0, output.getvalue().strip())


def poetry(folder: Path, *words: str, environment: Path | None = None) -> Answer:
    """Run Poetry in a process of its own."""
    if POETRY is None:
        raise LookupError(WITHOUT_POETRY)
    extra = {"VIRTUAL_ENV": str(environment)} if environment else {}
    return _run([POETRY, *_OPTIONS, *words], folder, extra)


_RESIDENT = """
import io, json, os, sys
from cleo.io.inputs.argv_input import ArgvInput
from cleo.io.outputs.stream_output import StreamOutput
from poetry.console.application import Application
for line in sys.stdin:
    folder, environment, words = json.loads(line)
    os.chdir(folder)
    os.environ.pop("VIRTUAL_ENV", None)
    if environment:
        os.environ["VIRTUAL_ENV"] = environment
    stream = io.StringIO()
    application = Application()
    application.auto_exits(False)
    status = application.run(ArgvInput(["poetry", *words]), StreamOutput(stream), StreamOutput(stream))
    sys.__stdout__.write(json.dumps([status, stream.getvalue()]) + "\\n")
    sys.__stdout__.flush()
"""


class ResidentPoetry:
    """Poetry in one process for many runs: starting it takes longer than all it does in a small project."""

    def __init__(self, home: Path) -> None:
        """`home` is where it keeps its cache and settings."""
        if POETRY is None:
            raise LookupError(WITHOUT_POETRY)
        first_line = Path(POETRY).read_bytes().partition(b"\n")[0].decode()
        places = {f"POETRY_{kind}_DIR": str(home / kind.lower()) for kind in ("CACHE", "CONFIG", "DATA")}
        self._process = subprocess.Popen(
            [first_line.removeprefix("#!").strip(), "-c", _RESIDENT],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **places},
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The end of its input ends it.
        self._process.communicate(timeout=30)

    def __call__(self, folder: Path, *words: str, environment: Path | None = None) -> Answer:
        """Run it in a folder, and for a virtual environment when one is named."""
        question, answer = self._process.stdin, self._process.stdout
        if question is None or answer is None:
            raise LookupError("Poetry has no way to be asked")
        question.write(json.dumps([str(folder), str(environment or ""), [*_OPTIONS, *words]]) + "\n")
        question.flush()
        status, text = json.loads(answer.readline())
        return Answer(status == 0, str(text).strip())


def make_environment(folder: Path) -> Path:
    """Make an empty virtual environment of the running Python, for Poetry to plan for."""
    answer = _run([sys.executable, "-m", "virtualenv", "--quiet", "--no-seed", str(folder)], folder.parent)
    if not answer.succeeded:
        raise OSError(answer.text)
    return folder


def poetry_plan(folder: Path, environment: Path, *words: str, program: Poetry = poetry) -> tuple[dict[str, str], str]:
    """Return what Poetry would install, and what it said when it refused."""
    answer = program(folder, "install", "--dry-run", *words, environment=environment)
    if not answer.succeeded:
        return {}, answer.text
    planned = (_PLANNED.search(line) for line in answer.text.splitlines())
    return {plan["name"]: plan["version"] for plan in planned if plan and "Skipped" not in plan["rest"]}, ""


def _run(words: list[str], folder: Path, extra: dict[str, str] | None = None) -> Answer:
    done = subprocess.run(
        words, cwd=folder, capture_output=True, text=True, check=False, env={**os.environ, **(extra or {})}
    )
    return Answer(done.returncode == 0, (done.stdout + done.stderr).strip())

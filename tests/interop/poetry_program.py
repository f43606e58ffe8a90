"""Real Poetry and our own command, run in a folder as a person would run them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

POETRY = shutil.which(os.environ.get("CHAPBOOK_TEST_POETRY", "poetry"))
WITHOUT_POETRY = "needs Poetry: put it on PATH or name it in CHAPBOOK_TEST_POETRY"
_LOCK_WORDS = ("-m", "chapbook_core.cli", "lock")
_PLANNED = re.compile(r"- Installing (?P<name>\S+) \((?P<version>\S+?)(?: [^)]*)?\)(?P<rest>.*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a program said."""

    succeeded: bool
    text: str


def run(words: list[str], folder: Path, extra: dict[str, str] | None = None, timeout: float = 1800) -> Answer:
    """Run a program to its end."""
    done = subprocess.run(
        words,
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=timeout,
        env={**os.environ, **(extra or {})},
    )
    return Answer(done.returncode == 0, (done.stdout + done.stderr).strip())


def chapbook_lock(folder: Path, *words: str) -> Answer:
    """Lock with our own command."""
    return run([sys.executable, *_LOCK_WORDS, *words], folder)


def poetry(folder: Path, *words: str, environment: Path | None = None) -> Answer:
    """Run Poetry, in a virtual environment when one is named."""
    if POETRY is None:
        raise LookupError(WITHOUT_POETRY)
    extra = {"VIRTUAL_ENV": str(environment)} if environment else {}
    return run([POETRY, "--no-ansi", "--no-interaction", *words], folder, extra)


def make_environment(folder: Path) -> Path:
    """Make an empty virtual environment of the running Python, for Poetry to plan for."""
    answer = run([sys.executable, "-m", "virtualenv", "--quiet", "--no-seed", str(folder)], folder.parent)
    if not answer.succeeded:
        raise OSError(answer.text)
    return folder


def poetry_plan(folder: Path, environment: Path, *words: str) -> tuple[dict[str, str], str]:
    """Return what Poetry would install, and what it said when it refused."""
    answer = poetry(folder, "install", "--dry-run", *words, environment=environment)
    if not answer.succeeded:
        return {}, answer.text
    planned = (_PLANNED.search(line) for line in answer.text.splitlines())
    return {plan["name"]: plan["version"] for plan in planned if plan and "Skipped" not in plan["rest"]}, ""

"""Compiling an environment at once, in place of when its modules are imported first."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from chapbook_core.events import Notice

if TYPE_CHECKING:
    from chapbook_core.commands.session import Session
    from chapbook_core.environment.environment import Environment


def compile_environment(session: Session, environment: Environment) -> None:
    """Compile what is there, in the environment's own Python; nothing of the environment is imported."""
    libraries = str(environment.site_packages)
    words = [str(environment.python), "-I", "-S", "-m", "compileall", "-q", "-j", "0", libraries]
    ended = subprocess.run(words, capture_output=True, check=False, text=True)  # noqa: S603  a list of words, no shell
    if ended.returncode:
        # Some packages hold templates that are no Python; they work all the same.
        session.watcher.emit(Notice("debug", f"some modules could not be compiled: {ended.stdout[:500]}"))

"""Asking an interpreter what it is: once, alone in a process, with a time limit."""

from __future__ import annotations

import json
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.digest import sha256
from chapbook_core.environment.interpreter import interpreter_from
from chapbook_core.environment.machine import this_machine
from chapbook_core.errors import ChapbookError
from chapbook_core.process_group import kill_group
from chapbook_core.value import replace

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Mapping

    from chapbook_core.environment.interpreter import Interpreter

_QUESTIONS = Path(__file__).with_name("probe_questions.py")
_PATIENCE = 10.0
_FORMAT = 2
ENDING = f"-{_FORMAT}.json"
"""Of the files with what is remembered; other versions of Chapbook have other ones."""
_MOST_WORDS = 300
_MOST_KNOWN = 16
_known: dict[tuple[object, ...], Interpreter] = {}
"""What this process has read already, by what it depends on, and the file that it stands in as that was."""
_own: dict[tuple[object, ...], dict[str, object]] = {}
"""What the Python that runs this has answered to this process, by what it depends on: it stays loaded as it is."""
_CHILD_SEES = frozenset(
    {
        "HOME",
        "LANG",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "PATH",
        "SYSTEMDRIVE",
        "SYSTEMROOT",
        "TMPDIR",
        "USERPROFILE",
    }
)


class InterpreterUnusable(ChapbookError):
    """A program is no Python that environments can be made from."""

    def __init__(self, executable: Path, reason: str) -> None:
        self.executable = executable
        self.reason = reason
        super().__init__(f"`{executable}` cannot be used as a Python: {reason}")


class Prober:
    """Asks interpreters, and remembers their answers in a folder as long as their files stay the same."""

    def __init__(self, cache: Path | None, variables: Mapping[str, str], *, patience: float = _PATIENCE) -> None:
        self._cache = cache
        self._variables = variables
        self._patience = patience

    def ask(self, executable: Path) -> Interpreter:
        """Return the interpreter that a program is, or that its environment was made from.

        Raises InterpreterUnusable. Nothing but the standard library is imported in it, and it starts where no file of
        a project can come before that.
        """
        real = Path(os.path.realpath(executable))
        try:
            status = real.stat()
        except OSError as cause:
            raise InterpreterUnusable(executable, cause.strerror or str(cause)) from None
        key: list[object] = [_FORMAT, str(real), status.st_mtime_ns, status.st_size]
        file = self._file(key)
        if file is not None and (known := _known.get((*key, *_traits(file)))) is not None:
            return known
        facts = self._remembered(file, key)
        if was_unknown := facts is None:
            facts = _own.get(tuple(key)) or self._answered(real)
            self._remember(file, key, facts)
        try:
            interpreter = _of_today(interpreter_from(facts))
        except (KeyError, ValueError) as cause:
            raise InterpreterUnusable(executable, "it gives no account of itself") from cause
        if file is not None and (traits := _traits(file)):
            if len(_known) >= _MOST_KNOWN:
                _known.clear()
            _known[*key, *traits] = interpreter
        if was_unknown and real == running_program():
            _own.clear()
            _own[tuple(key)] = facts
        return interpreter

    def _answered(self, executable: Path) -> dict[str, object]:
        """Run it: isolated, so that neither variables nor the folder matter, and without what is installed in it."""
        # Most commands know every Python they meet.
        import subprocess

        try:
            child = subprocess.Popen(  # noqa: S603  a list of words, no shell
                [executable, "-I", "-S", "-B", _QUESTIONS],
                cwd=executable.anchor,
                env=_child_variables(self._variables),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                start_new_session=True,
            )
        except OSError as cause:
            raise InterpreterUnusable(executable, f"it cannot be run: {cause.strerror or cause}") from None
        try:
            output, errors = child.communicate(timeout=self._patience)
        except subprocess.TimeoutExpired:
            raise InterpreterUnusable(executable, f"it did not answer within {self._patience:.0f} seconds") from None
        finally:
            _end(child)
        if child.returncode:
            raise InterpreterUnusable(executable, _reason(errors.decode("utf-8", "replace"), child.returncode))
        return _parsed(output) or {}

    def _file(self, key: list[object]) -> Path | None:
        if self._cache is None:
            return None
        return self._cache / f"{sha256(os.fsencode(str(key[1]))).hexdigest()[:24]}{ENDING}"

    def _remembered(self, file: Path | None, key: list[object]) -> dict[str, object] | None:
        if file is None:
            return None
        try:
            entry = _parsed(file.read_bytes())
        except OSError:
            return None
        facts = entry.get("facts") if entry is not None and entry.get("key") == key else None
        return facts if isinstance(facts, dict) else None

    def _remember(self, file: Path | None, key: list[object], facts: dict[str, object]) -> None:
        """Write it down; a cache that cannot be written is no mistake of anybody's."""
        if file is None or not facts:
            return
        temporary = file.with_suffix(f".{os.urandom(4).hex()}.tmp")
        with suppress(OSError):
            file.parent.mkdir(parents=True, exist_ok=True)
            temporary.write_bytes(json.dumps({"key": key, "facts": facts}).encode())
            temporary.replace(file)


def running_program() -> Path:
    """Return the Python that runs this, or that its environment was made from."""
    return Path(os.path.realpath(getattr(sys, "_base_executable", None) or sys.executable))


def _traits(file: Path) -> tuple[str, int, int, int] | tuple[()]:
    """Return what tells a file from what it was; nothing for one that is not there."""
    try:
        status = file.stat()
    except OSError:
        return ()
    return str(file), status.st_ino, status.st_size, status.st_mtime_ns


def _child_variables(variables: Mapping[str, str]) -> dict[str, str]:
    seen = {name: value for name, value in variables.items() if name.upper() in _CHILD_SEES}
    # Else macOS tells old programs that it is 10.16.
    return {**seen, "SYSTEM_VERSION_COMPAT": "0"}


def _end(child: subprocess.Popen[bytes]) -> None:
    """End what it may have started, as a script in place of a program does; its output would stay open."""
    if child.poll() is None:
        kill_group(child)
    child.wait()
    for stream in (child.stdout, child.stderr):
        if stream is not None:
            stream.close()


def _reason(errors: str, status: int) -> str:
    words = errors.strip().splitlines()
    if any("unknown option" in line.lower() or "future feature" in line for line in words):
        return "it is older than Python 3.7"
    return words[-1][:_MOST_WORDS] if words else f"it ended with the status {status}"


def _parsed(content: bytes) -> dict[str, object] | None:
    try:
        value = json.loads(content)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _of_today(interpreter: Interpreter) -> Interpreter:
    """Replace what changes with the system and not with the interpreter."""
    machine = this_machine()
    today = {"platform_release": machine.release, "platform_version": machine.version}
    return replace(interpreter, markers={**interpreter.markers, **today})

"""The programs that start a distribution's functions and scripts with the environment's interpreter."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.installer.script import Script

# Linux cut the first line of a script here before version 5.1; newer systems take more.
_LONGEST_FIRST_LINE = 127
_WINDOWS_LAUNCHERS = {"amd64": "64", "x86_64": "64", "arm64": "64-arm", "aarch64": "64-arm", "x86": "32", "": "64"}


class NoLauncher(ChapbookError):
    """Scripts need a program to start them on Windows, and there is none for the machine."""

    def __init__(self, machine: str, reason: str) -> None:
        super().__init__(
            f"no program to start scripts with on Windows {machine}: {reason}",
            hints=["install `distlib` beside Chapbook"],
        )


def script_file(
    script: Script, paths: InstallPaths, launcher: Callable[[str], bytes] | None = None
) -> tuple[str, bytes]:
    """Return the name and the content of the program that calls a function."""
    source = _call(script, is_windows=paths.platform == "win32")
    return _program(script.name, source, paths, is_gui=script.is_gui, launcher=launcher)


def adapted_script(
    name: str, content: bytes, paths: InstallPaths, launcher: Callable[[str], bytes] | None = None
) -> tuple[str, bytes] | None:
    """Return a script of the `scripts` folder for this environment; None when it is to stay as it is.

    The format asks for this where the first line is `#!python` or `#!pythonw`.
    """
    first, newline, rest = content.partition(b"\n")
    words = first.split()
    if not words or words[0] not in {b"#!python", b"#!pythonw"}:
        return None
    is_gui = words[0] == b"#!pythonw"
    plain = name.removesuffix(".py") if paths.platform == "win32" else name
    return _program(plain, (rest if newline else b""), paths, is_gui=is_gui, launcher=launcher)


def _call(script: Script, *, is_windows: bool) -> bytes:
    lines = ["import sys", "", f"from {script.module} import {script.attribute.partition('.')[0]}", ""]
    lines.append('if __name__ == "__main__":')
    if is_windows:
        lines.append('    if sys.argv[0].lower().endswith(".exe"):')
        lines.append("        sys.argv[0] = sys.argv[0][:-4]")
    lines.extend([f"    sys.exit({script.attribute}())", ""])
    return "\n".join(lines).encode()


def _program(
    name: str, source: bytes, paths: InstallPaths, *, is_gui: bool, launcher: Callable[[str], bytes] | None
) -> tuple[str, bytes]:
    if paths.platform != "win32":
        return name, first_lines(paths.interpreter) + source
    interpreter = paths.interpreter.with_name("pythonw.exe") if is_gui else paths.interpreter
    kind = ("w" if is_gui else "t") + _WINDOWS_LAUNCHERS.get(paths.machine.lower(), "64")
    start = (launcher or _launcher)(f"{kind}.exe")
    return f"{name.removesuffix('.exe')}.exe", start + f'#!"{interpreter}"\n'.encode() + _zipped(source)


def first_lines(interpreter: Path) -> bytes:
    """Return what makes a POSIX system run the rest with this interpreter.

    A first line cannot hold a space, nor be long. Then the shell runs the file, and the lines for it are one text to
    Python: `"true"` and what stands between the triple quotes.
    """
    path = os.fsencode(interpreter)
    line = b"#!" + path + b"\n"
    if len(line) <= _LONGEST_FIRST_LINE and not any(letter in b" \t\n\r" for letter in path):
        return line
    quoted = b"'" + path.replace(b"'", b"'\"'\"'") + b"'"
    return b"#!/bin/sh\n\"true\" r'''\\'\nexec " + quoted + b' "$0" "$@"\n\'\'\'\n'


def _launcher(filename: str) -> bytes:
    # Imported here because only Windows needs it, and the package takes time to load.
    from importlib.resources import files

    try:
        return files("distlib").joinpath(filename).read_bytes()
    except (ImportError, OSError) as problem:
        raise NoLauncher(filename, str(problem)) from None


def _zipped(source: bytes) -> bytes:
    # Imported here because only Windows needs it.
    import zipfile

    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        # One moment for all, so that one script is one sequence of bytes.
        archive.writestr(zipfile.ZipInfo("__main__.py", (1980, 1, 1, 0, 0, 0)), source)
    return buffer.getvalue()

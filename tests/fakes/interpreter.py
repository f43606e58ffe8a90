"""Interpreters that are none: values for what only reads facts, and scripts that answer like a Python."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.environment.interpreter import Interpreter, interpreter_from

if TYPE_CHECKING:
    from collections.abc import Mapping


def facts_of(version: str, executable: Path, *, implementation: str = "cpython", **more: object) -> dict[str, object]:
    """Return what a Python of a version would answer."""
    minor = ".".join(version.split(".")[:2])
    packages = f"lib/python{minor}/site-packages"
    return {
        "executable": str(executable),
        "prefix": str(executable.parent.parent),
        "layout": {"purelib": packages, "platlib": packages, "scripts": "bin", "data": ".", "include": "include"},
        "markers": {
            "implementation_name": implementation,
            "platform_python_implementation": {"cpython": "CPython", "pypy": "PyPy"}[implementation],
            "python_full_version": version,
            "python_version": minor,
            "sys_platform": "linux",
        },
        "platform": "linux-x86_64",
        "pointer_bits": 64,
        "extension_suffix": f".cpython-{minor.replace('.', '')}-x86_64-linux-gnu.so",
        "glibc": [2, 36],
        **more,
    }


def interpreter(version: str, name: str = "", *, implementation: str = "cpython", **more: object) -> Interpreter:
    """Return an interpreter that is nowhere."""
    executable = Path(name or f"/opt/{implementation}-{version}/bin/python").absolute()
    return interpreter_from(facts_of(version, executable, implementation=implementation, **more))


def write_interpreter(
    path: Path, version: str, *, log: Path | None = None, facts: Mapping[str, object] | None = None
) -> Path:
    """Write a script that answers as a Python of a version; each call leaves a line in the log."""
    path.parent.mkdir(parents=True, exist_ok=True)
    answer = json.dumps({**facts_of(version, path), **(facts or {})})
    note = "" if log is None else f"echo {version} >> '{log}'\n"
    path.write_text(f"#!/bin/sh\n{note}cat <<'END'\n{answer}\nEND\n", encoding="utf-8")
    path.chmod(0o755)
    return path

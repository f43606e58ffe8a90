"""Compiling: a Python turns modules of the store into bytecode; nothing of an environment has a say in it."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.installer.bytecode import CompiledFile, write_listing

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chapbook_core.installer.manifest import StoredFile

# Runs in any Python from 3.8 on. It ends with its input.
_PROGRAM = """
import json, py_compile, sys, warnings
warnings.simplefilter("ignore")
for line in sys.stdin:
    source, target, shown = json.loads(line)
    try:
        py_compile.compile(
            source, target, shown, doraise=True, invalidation_mode=py_compile.PycInvalidationMode.TIMESTAMP
        )
        sys.stdout.write("1")
    except (py_compile.PyCompileError, OSError, ValueError, RecursionError, MemoryError):
        sys.stdout.write("0")
    sys.stdout.write(chr(10))
    sys.stdout.flush()
"""
_SECONDS_TO_END = 5.0


def compile_modules(
    python: Path, tree: Path, modules: Sequence[StoredFile], folder: Path, checkpoint: Callable[[], None]
) -> None:
    """Fill a folder with the bytecode of modules, and the list of it; what cannot be compiled is left out.

    Raises OSError when the Python cannot be started.
    """
    files = list(_compiled(python, tree, modules, folder, checkpoint)) if modules else []
    write_listing(folder, files)


def _compiled(
    python: Path, tree: Path, modules: Sequence[StoredFile], folder: Path, checkpoint: Callable[[], None]
) -> list[CompiledFile]:
    # Most commands find their bytecode in the store.
    import subprocess

    # Without `site` nothing that anybody has installed is run.
    words = [str(python), "-I", "-S", "-c", _PROGRAM]
    child = subprocess.Popen(  # noqa: S603  a list of words, no shell
        words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, cwd=folder
    )
    files: list[CompiledFile] = []
    try:
        assert child.stdin is not None  # noqa: S101  both are pipes
        assert child.stdout is not None  # noqa: S101
        for number, module in enumerate(modules):
            checkpoint()
            name = f"{number}.pyc"
            order = json.dumps([str(tree / module.path), str(folder / name), module.path])
            child.stdin.write(order.encode() + b"\n")
            child.stdin.flush()
            answer = child.stdout.readline()
            if not answer:
                # It has crashed over a module; what there is will do.
                break
            if answer.strip() == b"1":
                (folder / name).chmod(0o444)
                status = (folder / name).stat()
                files.append(CompiledFile(module.path, name, status.st_size, status.st_mtime_ns))
    except BrokenPipeError:
        pass
    finally:
        _end(child)
    return files


def _end(child: subprocess.Popen[bytes]) -> None:
    # Loaded by what has started it.
    from subprocess import TimeoutExpired

    with suppress(OSError):
        if child.stdin is not None:
            child.stdin.close()
    if child.stdout is not None:
        child.stdout.close()
    with suppress(TimeoutExpired):
        child.wait(_SECONDS_TO_END)
        return
    child.kill()
    child.wait()

"""Runs what a project runs before its wheel is packed: its build script, or a setup file made for it."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild, FileMissing
from chapbook_core.builder.member import Member
from chapbook_core.builder.setup_file import setup_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.builder.distribution import Distribution

_SETUP = "setup.py"


class BuildScriptFailed(CannotBuild):
    """The build script of a project ended badly; what it said stands above."""

    def __init__(self, words: list[str], status: int) -> None:
        super().__init__(f"`{' '.join(words)}` failed with status {status}", hints=["what it said stands above"])


def run_build_script(distribution: Distribution, *, is_editable: bool) -> list[Member]:
    """Run the script and return what it built beside the packages; raises BuildScriptFailed and FileMissing.

    A script that runs by itself leaves what it builds in the packages, where it is packed with everything else.
    """
    script = distribution.script or ""
    if not (distribution.folder / script).is_file():
        raise FileMissing("the build script", script)
    if not distribution.manifest.poetry.generate_setup_file:
        _run(distribution.folder, [script])
        return []
    build = distribution.folder / "build"
    pure = build / "lib"
    native = build / f"lib.{sysconfig.get_platform()}-{sys.implementation.cache_tag}"
    with _setup_file(distribution):
        if is_editable:
            _run(distribution.folder, [_SETUP, "build_ext", "--inplace"])
        # Commands of its own may write into the project whatever an editable one needs, too.
        places = ["-b", str(build), "--build-purelib", str(pure), "--build-platlib", str(native)]
        _run(distribution.folder, [_SETUP, "build", *places])
    if is_editable:
        return []
    made = next((folder for folder in (native, pure) if folder.is_dir()), None)
    return [] if made is None else list(_built(made))


def _built(folder: Path) -> Iterator[Member]:
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.suffix != ".pyc" and "__pycache__" not in path.parts:
            yield Member(path.relative_to(folder).as_posix(), str(path))


@contextmanager
def _setup_file(distribution: Distribution) -> Iterator[None]:
    file = distribution.folder / _SETUP
    if file.exists():
        distribution.warn("`setup.py` is there already and is used as it is")
        yield
        return
    file.write_text(setup_text(distribution), "utf-8")
    try:
        yield
    finally:
        file.unlink(missing_ok=True)


def _run(folder: Path, words: list[str]) -> None:
    status = subprocess.run([sys.executable, *words], cwd=folder, check=False).returncode  # noqa: S603  # the project's own script
    if status:
        raise BuildScriptFailed(words, status)

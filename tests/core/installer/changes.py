"""A change of an environment with four files, and ways to break it off."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from chapbook_core.events import Unwatched
from chapbook_core.installer.relocation import Move
from chapbook_core.installer.transaction import Change, ProjectFile

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD = {"bin/tool": "old tool", "lib/a/__init__.py": "old", "lib/a-1.dist-info/RECORD": "old", "lib/z.py": "kept"}
NEW = {"bin/tool": "new tool", "lib/a/__init__.py": "new", "lib/a/b/c.py": "new", "lib/a-2.dist-info/RECORD": "new"}
CHANGING = {"open", "os.rename", "os.link", "os.remove", "os.mkdir", "os.rmdir", "shutil.rmtree"}
"""The events of an audit hook that may stand for a change of the disk."""
AFTER = {**NEW, "lib/z.py": "kept"}


class Impatient(Unwatched):
    """Wants to stop at one of the moments when it may."""

    def __init__(self, moment: int, problem: Callable[[], BaseException]) -> None:
        self.left = moment
        self.problem = problem

    def checkpoint(self) -> None:
        self.left -= 1
        if self.left == 0:
            raise self.problem()


def written(folder: Path, files: dict[str, str]) -> Path:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(content)
    return folder


def content(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "state.json"
    }


def update(environment: Path, *files: ProjectFile) -> Change:
    def prepare(stage: str) -> list[Move]:
        (environment / stage / "out/lib").mkdir(parents=True)
        (environment / stage / "out/bin").mkdir(parents=True)
        written(environment / stage / "in", NEW)
        out = [Move(path, f"{stage}/out/{path}") for path in ("lib/a-1.dist-info", "lib/a", "bin/tool")]
        come = [Move(f"{stage}/in/{path}", path) for path in ("bin/tool", "lib/a", "lib/a-2.dist-info")]
        return [*out, *come]

    return Change(prepare, files, fingerprint=lambda: "new")


def killed_at(number: int, work: Callable[[], object]) -> bool:
    """Do the work in a copy of this process that dies at its n-th change of the disk; tell whether it ended before."""
    child = os.fork()
    if child == 0:
        count = 0

        def counted(event: str, _arguments: tuple[object, ...]) -> None:
            nonlocal count
            if event in CHANGING:
                count += 1
                if count == number:
                    os._exit(9)

        sys.addaudithook(counted)
        try:
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0

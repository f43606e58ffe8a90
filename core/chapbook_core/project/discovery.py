"""Which folder is the project of a notebook or of a folder."""

from __future__ import annotations

import codecs
import os
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.small_file import read_small
from chapbook_core.project.toml_mistake import UNREADABLE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

PROJECT_FILE = "pyproject.toml"
LOCK_FILE = "poetry.lock"

# A table that makes a project, at the start of a line; what cannot have one need not be parsed.
_MARK = late_pattern(
    rb"""^[ \t]*(?:\[{1,2}[ \t]*)?["']?"""
    rb"""(?:project|dependency-groups|tool["']?[ \t]*(?:\.[ \t]*["']?(?:poetry|chapbook)|\]|=))""",
    re.MULTILINE,
)


_HEADERS = (b"\n[project]", b"\n[tool.poetry]", b"\n[tool.chapbook]", b"\n[dependency-groups]")
_TEXTS_OF_SEVERAL_LINES = (b'"""', b"'''")


class ProjectNotFound(ChapbookError):
    """No folder from here upwards holds a project."""

    def __init__(self, start: Path, passed_over: tuple[Path, ...] = ()) -> None:
        self.start = start
        self.passed_over = passed_over
        hints = [f"`{file}` {_why_passed_over(file)}" for file in passed_over]
        super().__init__(
            f"no project in `{start.parent if start.is_file() else start}` or any folder above it",
            hints=[*hints, "run `chapbook init` to make a project there"],
        )


def _why_passed_over(file: Path) -> str:
    if file.is_file():
        # Only where there is no project, and somebody may wonder why.
        import tomllib

        try:
            tomllib.loads(file.read_bytes().decode())
        except (*UNREADABLE, OSError) as problem:
            return f"cannot be read: {problem}"
        return "only configures tools: it has no [project] and no [tool.poetry] table"
    return "is not a file" if file.exists() else "is a link to nothing"


class ProjectUnreadable(ChapbookError):
    """A folder on the way up, or a project file in it, cannot be looked at."""

    def __init__(self, path: Path, cause: OSError) -> None:
        self.path = path
        super().__init__(
            f"cannot read `{path}`: {cause.strerror or cause}",
            hints=["give yourself permission to read it, or name the project with `--project`"],
        )


def find_project(start: Path, *, ceiling: Path | None = None) -> Path:
    """Return the folder of the nearest project from a file or folder upwards.

    The folder is returned without symbolic links, so that a project has one identity however it is reached; a notebook
    that is itself a link belongs to the folder the link stands in. No folder above `ceiling` is looked into.
    """
    return find_project_file(start, ceiling=ceiling)[0]


def find_project_file(start: Path, *, ceiling: Path | None = None) -> tuple[Path, bytes]:
    """Return the folder as `find_project` does, and what its project file holds."""
    passed_over = []
    for folder in _upwards(start, ceiling):
        file = folder / PROJECT_FILE
        try:
            if not file.is_file():
                if os.path.lexists(file):
                    passed_over.append(file)
                continue
            content = read_small(file)
        except OSError as cause:
            raise ProjectUnreadable(file, cause) from cause
        if declares_project(content):
            return folder, content
        passed_over.append(file)
    raise ProjectNotFound(start, tuple(passed_over))


@lru_cache(maxsize=32)
def declares_project(content: bytes) -> bool:
    """Tell whether the bytes of a `pyproject.toml` make a project, rather than only configure linters and the like.

    A broken file that seems to declare one counts: whoever reads it next tells what is wrong with it.
    """
    if _has_plain_header(content):
        return True
    if _MARK.search(_without_byte_order_mark(content)) is None:
        return False
    # For unusual files only: it takes a start a twentieth of its time.
    import tomllib

    try:
        data = tomllib.loads(content.decode())
    except UNREADABLE:
        return True
    return is_project(data)


def _has_plain_header(content: bytes) -> bool:
    """Tell whether a line can be nothing but the header of such a table, or else the file is broken.

    What stands in brackets alone in a line is a header, unless the line is within a text.
    """
    lines = b"\n" + content
    first = min((place for header in _HEADERS if (place := lines.find(header)) >= 0), default=-1)
    return first >= 0 and not any(lines.find(quotes, 0, first) >= 0 for quotes in _TEXTS_OF_SEVERAL_LINES)


def _without_byte_order_mark(content: bytes) -> bytes:
    """Return the text as UTF-8, for editors write marks that TOML does not allow, and UTF-16 besides."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return content.decode("utf-16", errors="replace").encode()
    return content.removeprefix(codecs.BOM_UTF8)


def is_project(data: Mapping[str, object]) -> bool:
    """Tell whether the tables of a `pyproject.toml` make a project."""
    tool = data.get("tool")
    tools = tool if isinstance(tool, dict) else {}
    return "project" in data or "dependency-groups" in data or "poetry" in tools or "chapbook" in tools


def _upwards(start: Path, ceiling: Path | None) -> Iterator[Path]:
    try:
        # What is a folder has no loop in its path, and to look for one takes as long again.
        folder = Path(os.path.realpath(start)) if start.is_dir() else start.parent.resolve()
        highest = None if ceiling is None else ceiling.resolve()
    except (OSError, RuntimeError) as cause:
        # Up to Python 3.12 a loop of links is a RuntimeError.
        error = cause if isinstance(cause, OSError) else OSError(str(cause))
        raise ProjectUnreadable(start, error) from cause
    while True:
        yield folder
        # Nearly always the first one is the project, so nothing is made ahead of time.
        if folder in (highest, folder.parent):
            return
        folder = folder.parent

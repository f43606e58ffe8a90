"""A project whose lock is exported."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

HEAD = '[project]\nname = "Here"\nversion = "1"\nrequires-python = ">=3.11"\n'
NO_PACKAGE = "[tool.poetry]\npackage-mode = false\n"
PROJECT = (
    HEAD
    + 'dependencies = ["a", "only-windows; sys_platform == \'win32\'"]\n'
    + '[project.optional-dependencies]\nfast = ["c"]\n[dependency-groups]\ndev = ["d"]\n'
)
COMMIT = "0123456789012345678901234567890123456789"


def _package(name: str, develop: str, origin: str) -> str:
    return f"""
[[package]]
name = "{name}"
version = "1"
description = ""
optional = false
python-versions = "*"
groups = ["main"]
files = []
develop = {develop}

[package.source]
{origin}
"""


_DIRECT = (
    _package("tree", "true", 'type = "directory"\nurl = "libs/tree"'),
    _package(
        "repository",
        "false",
        'type = "git"\nurl = "https://example.org/repository.git"\n'
        f'reference = "HEAD"\nresolved_reference = "{COMMIT}"',
    ),
)


def hashes(index: FakeIndex, *names: str) -> dict[str, str]:
    """Return the hashes of what the index has."""
    return {file.filename: file.sha256 for name in names for file in index.files(name)}


def locked(project: Path, chapbook: Chapbook, text: str = PROJECT + NO_PACKAGE) -> None:
    """Lock a project."""
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    outcome = chapbook("lock")
    assert outcome.status == 0, outcome.err


def with_direct_references(project: Path) -> None:
    """Put packages into the lock that come from no index."""
    file = project / "poetry.lock"
    head, metadata, tail = file.read_text("utf-8").rpartition("\n[extras]")
    file.write_text("\n".join((head.rstrip("\n"), *_DIRECT)) + metadata + tail, encoding="utf-8")


def source(url: str, name: str = "mine", priority: str = "primary") -> str:
    """Return a source of the project."""
    return f'[[tool.poetry.source]]\nname = "{name}"\nurl = "{url}"\npriority = "{priority}"\n'

"""What a command does not load, because it can do without; a start is mostly loading."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import require

if TYPE_CHECKING:
    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

PROGRAM = """
import os, sys

def replaced(*_):
    raise SystemExit(0)

os.execve = replaced
before = set(sys.modules)
from chapbook_core.cli import main
try:
    status = main({words!r})
except SystemExit as end:
    status = end.code
print(status, *sorted(set(sys.modules) - before), file=sys.stderr)
"""
NETWORK = ("http", "ssl", "urllib.request", "email", "socket", "chapbook_core.index.client")
SELDOM = (
    *NETWORK,
    "argparse",
    "asyncio",
    "chapbook_core.resolver.advice",
    "chapbook_core.resolver.verify",
    "configparser",
    "csv",
    "ctypes",
    "dataclasses",
    "difflib",
    "importlib.metadata",
    "inspect",
    "packaging.markers",
    "packaging.requirements",
    "packaging.specifiers",
    "packaging.tags",
    "pickle",
    "platform",
    "secrets",
    "sysconfig",
    "tarfile",
    "tomlkit",
    "virtualenv",
    "zipfile",
)
"""What next to no command needs."""
CHANGES = ("shutil", "tempfile", "subprocess", "chapbook_core.installer.transaction", "chapbook_core.installer.store")
SOLVES = ("sqlite3", "chapbook_core.resolver.solver", "chapbook_core.index.reader", "concurrent", "logging", "queue")
UNDERSTANDS = ("tomllib", "packaging", "chapbook_core.project.manifest", "chapbook_core.requirements.constraint")
"""What takes a project file apart."""
UNPACKS = (
    *("tempfile", "subprocess", "chapbook_core.installer.unpacking"),
    *("chapbook_core.installer.archive", "chapbook_core.installer.wheel", "chapbook_core.installer.workshop"),
    *("chapbook_core.installer.readying", "chapbook_core.installer.companion", "chapbook_core.commands.built_wheels"),
    *("chapbook_core.commands.live_change", "chapbook_core.commands.hot_additions"),
)
"""What puts a wheel into the store, or helps an engine or a kernel."""
COMPRESSES = ("base64", "bz2", "hashlib", "lzma", "shutil", "_hashlib")
"""What brings OpenSSL or every compression there is, which takes longer to load than to do without."""
TELLS = ("chapbook_core.commands.lock", "chapbook_core.commands.lock_record")
"""What locks, of which who reads a lock needs nothing."""
LACKS = {
    "sync": (*SELDOM, *CHANGES, *SOLVES, *UNDERSTANDS, "chapbook_core.project.pair_writing", *COMPRESSES, "random"),
    "install": (*SELDOM, *CHANGES, *SOLVES, *UNDERSTANDS, *COMPRESSES),
    "run python": (*SELDOM, *CHANGES, *SOLVES, *UNDERSTANDS, "hashlib"),
    "show": (*SELDOM, *CHANGES, *SOLVES),
    "status": (*SELDOM, *CHANGES, *SOLVES),
    "lock": (*SELDOM, *CHANGES),
    "remove b": SELDOM,
}
"""By the words of a command, in a project whose environment is in order."""
MOST = 175
"""Modules of ours that putting in one more package may load."""


@pytest.fixture
def project(equipped: Path, index: FakeIndex, chapbook: Chapbook) -> Path:
    index.serve("a", "1.0")
    index.serve("b", "1.0")
    require(equipped, "a", "b")
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("sync").status
    return equipped


def loaded(project: Path, words: str) -> set[str]:
    """Run a command in a process of its own, and return the modules that it has loaded."""
    command = [sys.executable, "-c", PROGRAM.format(words=words.split())]
    done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=True)
    status, *names = done.stderr.splitlines()[-1].split()
    assert "0" == status, done.stderr
    return set(names)


def among(names: set[str], unwanted: tuple[str, ...]) -> list[str]:
    return [name for name in unwanted if name in names or any(one.startswith(f"{name}.") for one in names)]


def test_a_command_loads_nothing_that_it_can_do_without(project: Path) -> None:
    found = {words: among(loaded(project, words), lacks) for words, lacks in LACKS.items()}
    assert {} == {words: names for words, names in found.items() if names}


def test_a_new_environment_from_the_store_needs_no_network(project: Path) -> None:
    (project / ".venv").rename(project.with_name("before"))
    unwanted = (*SELDOM, "chapbook_core.installer.fetch", "chapbook_core.commands.editable_project")
    builds = ("chapbook_core.commands.build_sources", "concurrent", "queue")
    assert [] == among(loaded(project, "sync"), (*unwanted, *builds))


def test_one_more_from_the_store_loads_nothing_that_unpacks(project: Path) -> None:
    manifest, lock = project / "pyproject.toml", project / "poetry.lock"
    both = manifest.read_bytes(), lock.read_bytes()
    loaded(project, "remove b")
    manifest.write_bytes(both[0])
    lock.write_bytes(both[1])
    names = loaded(project, "sync")
    assert [] == among(names, (*SELDOM, *UNPACKS, *SOLVES, *COMPRESSES, *TELLS))
    # Each takes a 500th of the command.
    assert sum(name.startswith("chapbook_core.") for name in names) <= MOST


def test_a_command_loads_its_own_declaration_alone() -> None:
    names = {name for name in loaded(Path(), "help sync") if name.startswith("chapbook_core.commands.declarations.")}
    # What it shares with others besides.
    assert {"project", "installing", "groups", "index", "live"} == {name.rpartition(".")[2] for name in names}

"""pip and uv, where there are any, against what `export` writes: they install the set that we would."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from packaging.markers import default_environment

from chapbook_core.cli import main
from chapbook_core.lock.lockfile import Lock, LockedFile, LockedPackage, LockedSource
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.lock.pylock_format import Artifacts, Pylock, format_pylock
from chapbook_core.lock.requirements_format import format_requirements
from chapbook_core.lock.selection import select
from chapbook_core.lock.wanted import Wanted
from chapbook_core.requirements.marker import ALWAYS, Marker, parse_marker
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

UV = shutil.which(os.environ.get("CHAPBOOK_TEST_UV", "uv"))
POETRY = shutil.which(os.environ.get("CHAPBOOK_TEST_POETRY", "poetry"))

needs_poetry = pytest.mark.skipif(
    POETRY is None, reason="needs Poetry: put it on PATH or name it in CHAPBOOK_TEST_POETRY"
)
needs_uv = pytest.mark.skipif(UV is None, reason="needs uv: put it on PATH or name it in CHAPBOOK_TEST_UV")

PROJECT = """
[project]
name = "here"
version = "1"
requires-python = ">=3.9"
dependencies = ["a>=1", "only-windows; sys_platform == 'win32'", "split<2; python_version < '3.10'", "split>=2; python_version >= '3.10'"]

[project.optional-dependencies]
fast = ["c[turbo]"]

[dependency-groups]
dev = ["d"]
docs = ["e"]

[tool.poetry]
package-mode = false
"""  # noqa: E501  a line of a project file


@pytest.fixture(scope="module")
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        index.serve("a", "1.0", requires=["b>=1", "old; python_version < '3.8'"], sdist=True)
        index.serve("b", "1.5", tags=["py3-none-any", "cp312-cp312-win_amd64"])
        index.serve("b", "1.4")
        index.serve("c", "2.0", extras={"turbo": ["speed"]})
        index.serve("d", "3.0", requires=["b", "shared-tool"])
        index.serve("e", "4.0", requires=["shared_tool"])
        index.serve("speed", "0.1")
        index.serve("shared-tool", "5.0", requires=["only-linux; sys_platform == 'linux'"])
        index.serve("only-windows", "1.0")
        index.serve("only-linux", "1.0")
        index.serve("split", "1.0")
        index.serve("split", "2.0", python=">=3.10")
        yield index


@pytest.fixture
def project(tmp_path: Path, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "here"
    folder.mkdir()
    for name, value in {
        "HOME": str(tmp_path),
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": index.url,
        "PIP_NO_CACHE_DIR": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "UV_DEFAULT_INDEX": index.url,
        "UV_CACHE_DIR": str(tmp_path / "uv-cache"),
        "UV_NO_CONFIG": "1",
        "UV_PYTHON_DOWNLOADS": "never",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.chdir(folder)
    (folder / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    assert main(["lock", "--no-cache"]) == 0
    return folder


def ours(project: Path, groups: set[str], extras: set[str]) -> dict[str, str]:
    file = project / "poetry.lock"
    environment = {name: str(value) for name, value in default_environment().items()}
    packages = select(read_lock(file.read_text("utf-8"), file), environment, {"main", *groups}, extras)
    return {package.name: package.version for package in packages}


def pip_takes(*words: str) -> dict[str, str]:
    """Return what pip would install into an empty environment."""
    done = subprocess.run(
        [sys.executable, "-m", "pip", "install", "--dry-run", "--ignore-installed", "--quiet", "--report=-", *words],
        capture_output=True,
        text=True,
        check=False,
    )
    if "No module named pip" in done.stderr:
        pytest.skip("needs pip beside the running interpreter")
    assert done.returncode == 0, done.stderr
    installed = json.loads(done.stdout)["install"]
    return {entry["metadata"]["name"].lower(): entry["metadata"]["version"] for entry in installed}


def uv_installs(folder: Path, *words: str) -> dict[str, str]:
    """Return what uv has installed into a new environment."""
    assert UV is not None
    venv = folder.parent / "venv"
    for command in (
        ["venv", "--quiet", "--clear", "--python", sys.executable, str(venv)],
        ["pip", words[0], "--quiet", "--python", str(venv), *words[1:]],
    ):
        done = subprocess.run([UV, *command], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
    listed = subprocess.run(
        [UV, "pip", "list", "--format=json", "--python", str(venv)], capture_output=True, text=True, check=True
    )
    return {entry["name"]: entry["version"] for entry in json.loads(listed.stdout)}


CHOICES = [
    ([], set(), set()),
    (["--extras", "fast"], set(), {"fast"}),
    (["--with", "dev"], {"dev"}, set()),
    (["--all-groups", "--all-extras"], {"dev", "docs"}, {"fast"}),
]


@pytest.mark.parametrize(("words", "groups", "extras"), CHOICES)
def test_pip_takes_the_same_set_from_requirements(
    project: Path, words: list[str], groups: set[str], extras: set[str]
) -> None:
    assert main(["export", "-o", "requirements.txt", *words]) == 0
    assert ours(project, groups, extras) == pip_takes("--require-hashes", "-r", "requirements.txt")


def test_pip_takes_the_same_set_under_constraints(project: Path) -> None:
    assert main(["export", "-f", "constraints.txt", "-o", "constraints.txt"]) == 0
    taken = pip_takes("-c", "constraints.txt", "a", "split")
    assert {name: version for name, version in ours(project, set(), set()).items() if name in taken} == taken


@pytest.mark.parametrize(("words", "groups", "extras"), CHOICES)
def test_pip_takes_the_same_set_from_a_pylock(
    project: Path, words: list[str], groups: set[str], extras: set[str]
) -> None:
    version = subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, text=True, check=False)
    if version.returncode or int(version.stdout.split()[1].split(".")[0]) < 26:
        pytest.skip("needs a pip that installs from pylock.toml")
    assert main(["export", "-f", "pylock.toml", "-o", "pylock.toml", *words]) == 0
    assert ours(project, groups, extras) == pip_takes("-r", "pylock.toml")


@needs_uv
@pytest.mark.parametrize(("words", "groups", "extras"), CHOICES)
def test_uv_installs_the_same_set_from_requirements(
    project: Path, words: list[str], groups: set[str], extras: set[str]
) -> None:
    assert main(["export", "-o", "requirements.txt", *words]) == 0
    assert ours(project, groups, extras) == uv_installs(project, "sync", "--require-hashes", "requirements.txt")


@needs_uv
@pytest.mark.parametrize(("words", "groups", "extras"), CHOICES)
def test_uv_installs_the_same_set_from_a_pylock_for_one_use(
    project: Path, words: list[str], groups: set[str], extras: set[str]
) -> None:
    assert main(["export", "-f", "pylock.toml", "-o", "pylock.toml", *words]) == 0
    assert ours(project, groups, extras) == uv_installs(project, "sync", "pylock.toml")


@needs_uv
@pytest.mark.parametrize(
    ("words", "groups", "extras"),
    [
        ([], set(), set()),
        (["--extra", "fast"], set(), {"fast"}),
        (["--group", "dev"], {"dev"}, set()),
        (["--group", "dev", "--group", "docs", "--all-extras"], {"dev", "docs"}, {"fast"}),
    ],
)
def test_uv_chooses_groups_and_extras_from_one_pylock_for_all_uses(
    project: Path, words: list[str], groups: set[str], extras: set[str]
) -> None:
    assert main(["export", "-f", "pylock.toml", "-o", "pylock.toml"]) == 0
    assert ours(project, groups, extras) == uv_installs(project, "install", "-r", "pylock.toml", *words)


@pytest.fixture
def local(project: Path, index: FakeIndex) -> Lock:
    """Return a lock of a wheel in the project's own folder."""
    wheel = next(file for file in index.files("b") if file.filename == "b-1.5-py3-none-any.whl")
    (project / "dist").mkdir()
    (project / "dist" / wheel.filename).write_bytes(wheel.body)
    source = LockedSource("file", f"dist/{wheel.filename}")
    package = LockedPackage("b", "1.5", files=(LockedFile(wheel.filename, f"sha256:{wheel.sha256}"),), source=source)
    return Lock((package,), ">=3.9", "")


@pytest.mark.parametrize("installs", [pip_takes, pytest.param("uv", marks=needs_uv)])
def test_a_wheel_beside_the_project_is_found_from_the_projects_folder(
    project: Path, local: Lock, installs: Callable[..., dict[str, str]] | str
) -> None:
    text = format_requirements(local, Wanted(frozenset({"main"})), folder=project, python=ALWAYS)
    (project / "requirements.txt").write_text(text, encoding="utf-8")
    if callable(installs):
        assert installs("--require-hashes", "-r", "requirements.txt") == {"b": "1.5"}
    else:
        assert uv_installs(project, "sync", "--require-hashes", "requirements.txt") == {"b": "1.5"}


@needs_uv
def test_a_wheel_beside_the_project_is_found_from_the_folder_of_a_pylock(project: Path, local: Lock) -> None:
    folder = project / "locks"
    folder.mkdir()
    text = format_pylock(local, Pylock(python=ALWAYS, folder=folder), lambda _: Artifacts("", ()), project)
    (folder / "pylock.toml").write_text(text, encoding="utf-8")
    assert uv_installs(project, "sync", "locks/pylock.toml") == {"b": "1.5"}


def pinned(text: str) -> dict[str, tuple[Marker, list[str]]]:
    """Return the condition and the hashes of each requirement."""
    found: dict[str, tuple[Marker, list[str]]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line and not line.startswith("-"):
            requirement, *hashes = line.split(" --hash=")
            pin, _, marker = requirement.partition(";")
            found[pin.strip()] = (parse_marker(marker.strip()), sorted(digest.strip() for digest in hashes))
    return found


@needs_poetry
@pytest.mark.parametrize("words", [words for words, _, _ in CHOICES])
def test_poetry_exports_the_same_requirements(
    project: Path, index: FakeIndex, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert POETRY is not None
    source = f'[[tool.poetry.source]]\nname = "mine"\nurl = "{index.url}"\n'
    (project / "pyproject.toml").write_text(PROJECT + source, encoding="utf-8")
    assert main(["lock", "--no-cache"]) == 0
    done = subprocess.run(
        [POETRY, "export", "--no-ansi", "--no-interaction", *words],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "POETRY_CONFIG_DIR": str(project / ".config"), "POETRY_CACHE_DIR": str(project / ".cache")},
    )
    if "export" in done.stderr and done.returncode:
        pytest.skip("needs Poetry's plugin for exports")
    capsys.readouterr()
    assert main(["export", *words]) == 0
    text = capsys.readouterr().out
    assert done.stdout.partition("\n\n")[0] == text.partition("\n\n")[0]
    python = parse_marker('python_version >= "3.9"')
    theirs, own = (
        {pin: (marker & python, hashes) for pin, (marker, hashes) in pinned(written).items()}
        for written in (done.stdout, text)
    )
    assert theirs == own

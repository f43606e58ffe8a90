"""`cache prune`, and what else shows or removes what is kept besides wheels, on a cache that commands have filled."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.kernel_start import START_ENDING, KernelStart
from chapbook_core.installer.store import WHEELS
from chapbook_core.project.kernel_lock import HAS_SHARED
from chapbook_core.value import members
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

LONG_AGO = 40 * 24 * 3600.0
PROJECT = """[project]
name = "here"
version = "1"
requires-python = ">=3.11"
dependencies = ["alpha"]
[tool.poetry]
package-mode = false
"""


@pytest.fixture
def cache(folder: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Install a project; the cache holds its wheel and a pristine environment."""
    with FakeIndex() as index:
        index.serve("alpha", "1.0")
        monkeypatch.setenv("PIP_INDEX_URL", index.url)
        monkeypatch.setenv("CHAPBOOK_KEYRING_ENABLED", "false")
        (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
        outcome = chapbook("install")
        assert outcome.status == 0, outcome.err
        yield next((folder.parent / "home").rglob("store")).parent


def age(path: Path) -> Path:
    """Make a path look as if it was not used for long."""
    then = time.time() - LONG_AGO
    os.utime(path, (then, then))
    return path


def overlay(cache: Path, name: str = "one") -> Path:
    """Make an overlay, a resolution that leads to it, and a kernel that was prepared with it."""
    site = cache / "kernels" / "overlays" / name / "site"
    site.mkdir(parents=True)
    (site / "ipykernel.py").write_bytes(b"x" * 5000)
    kernels = cache / "kernels"
    for part in ("resolutions", "starts"):
        (kernels / part).mkdir(exist_ok=True)
    entry = {"overlay": name, "considered": {}, "versions": {}}
    (kernels / "resolutions" / f"{name}.json").write_text(json.dumps(entry), "utf-8")
    start = KernelStart("/e", sys.executable, "/e/lib", (str(site),), (), (), "7.0")
    prepared = json.dumps({"key": "k", "start": members(start)})
    (kernels / "starts" / f"{name}{START_ENDING}").write_text(prepared, "utf-8")
    return site


def kept(cache: Path) -> set[str]:
    """Return what is left of the kernels' things."""
    return {path.relative_to(cache).as_posix() for path in (cache / "kernels").glob("*/*")}


def test_what_links_lead_to_stays(cache: Path, folder: Path, chapbook: Chapbook) -> None:
    precious = folder.parent / "precious"
    for name in ("one", "two"):
        (precious / name).mkdir(parents=True)
        (precious / name / "work.py").write_text("x = 1\n", "utf-8")
        age(precious / name)
    wheels = (f"store/{WHEELS}/zz", "store/wheels/zz")
    places = ("sources/ab", "git/mirrors", "git/trees/ab", "environments/ab", "kernels/overlays", *wheels)
    for place in places:
        (cache / place).parent.mkdir(parents=True, exist_ok=True)
        (cache / place).symlink_to(precious)
    for command in (("prune", "--days", "0", "--laid-out"), ("clear", "--others"), ("clear", "--wheels")):
        assert chapbook("cache", *command).status == 0
        assert 2 == len(list(precious.glob("*/work.py"))), command


def test_what_is_used_stays_and_nothing_is_to_be_told(cache: Path, chapbook: Chapbook) -> None:
    overlay(cache)
    assert chapbook("cache", "prune").out == "nothing can go\n"
    assert kept(cache) == {"kernels/overlays/one", "kernels/resolutions/one.json", "kernels/starts/one-2.json"}


def test_an_overlay_goes_with_what_was_prepared_with_it_and_the_size_is_told(cache: Path, chapbook: Chapbook) -> None:
    age(overlay(cache))
    overlay(cache, "other")
    told = chapbook("cache", "prune", "--dry-run").out
    assert ["kernel", "overlays", "1", "5.0", "kB"] == told.splitlines()[1].split()
    assert "0 wheels and 3 other things would go, 5." in told
    assert len(kept(cache)) == 6
    assert "3 other things removed, 5." in chapbook("cache", "prune").out
    assert kept(cache) == {"kernels/overlays/other", "kernels/resolutions/other.json", "kernels/starts/other-2.json"}


@pytest.mark.skipif(not HAS_SHARED, reason="nobody knows here who else uses it")
def test_an_overlay_stays_for_as_long_as_a_kernel_runs_on_it(cache: Path, chapbook: Chapbook) -> None:
    site = age(overlay(cache))
    program = (
        "import fcntl, os, sys; fcntl.flock(os.open(sys.argv[1], os.O_RDONLY), fcntl.LOCK_SH)\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(site)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as kernel:
        assert kernel.stdout is not None
        assert kernel.stdout.readline() == b"held\n"
        assert "in use" in chapbook("cache", "list", "--others", "overlay").out
        assert chapbook("cache", "prune").out == "nothing can go\n"
        chapbook("cache", "clear", "--others")
        assert site.is_dir()
        kernel.communicate()
    assert "overlay" in chapbook("cache", "prune").out
    assert not site.exists()


def test_a_prepared_kernel_goes_with_its_environment(cache: Path, chapbook: Chapbook, tmp_path: Path) -> None:
    overlay(cache)
    file = cache / "kernels" / "starts" / f"one{START_ENDING}"
    file.write_text(file.read_text("utf-8").replace(json.dumps(sys.executable), json.dumps(str(tmp_path / "gone"))))
    assert "its environment is gone" in chapbook("cache", "list", "--others", "prepared").out
    chapbook("cache", "prune")
    assert kept(cache) == {"kernels/overlays/one", "kernels/resolutions/one.json"}


def test_a_pristine_environment_goes_with_its_python_or_unused_and_is_made_anew(
    cache: Path, chapbook: Chapbook, folder: Path, tmp_path: Path
) -> None:
    pristine = next((cache / "environments").glob("*/template.json"))
    configuration = pristine.parent / "as virtualenv made it" / "pyvenv.cfg"
    text = configuration.read_text("utf-8")
    lines = [line for line in text.splitlines() if not line.startswith(("base-executable", "executable"))]
    configuration.write_text("\n".join([*lines, f"base-executable = {tmp_path / 'python3.1'}"]), "utf-8")
    assert "its Python is gone" in chapbook("cache", "list", "--others", "pristine").out
    assert "pristine environments" in chapbook("cache", "prune").out
    assert not pristine.exists()
    (folder / ".venv").rename(tmp_path / "before")
    assert chapbook("install").status == 0
    age(pristine)
    # Whoever uses it says so.
    (folder / ".venv").rename(tmp_path / "then")
    assert chapbook("install").status == 0
    assert chapbook("cache", "prune").out == "nothing can go\n"
    age(pristine)
    assert "pristine environments" in chapbook("cache", "prune").out
    assert not pristine.exists()


def test_builds_leave_nothing_that_nobody_uses(cache: Path, chapbook: Chapbook) -> None:
    made = []
    for name in ("logs/alpha-1.txt", "sources/ab/abc", "built/cd/cde", "git/mirrors/m/HEAD", "git/trees/m/c/setup.py"):
        path = cache / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("{}", "utf-8")
        made.append(path.parent if path.parent.name in {"m", "c"} else path)
    environment = cache / "build-environments" / "ef"
    environment.mkdir(parents=True)
    (environment / "pyvenv.cfg").write_text(f"home = /usr\nversion = 3.11.0\nexecutable = {sys.executable}\n", "utf-8")
    (environment / "intact").touch()
    assert "nothing can go" in chapbook("cache", "prune").out
    for path in (*made, environment / "intact"):
        age(path)
    told = chapbook("cache", "prune").out
    for what in ("build environments", "sources of builds", "notes of builds", "git repositories", "logs of failed"):
        assert what in told
    assert not [path for path in (*made, environment) if path.exists()]


def test_what_killed_commands_have_left_is_counted_and_goes(cache: Path, chapbook: Chapbook) -> None:
    left = cache / "builds" / "1-abc"
    left.mkdir(parents=True)
    (cache / "builds" / "1-abc.lock").touch()
    (left / "half").write_bytes(b"x" * 3000)
    assert "left by killed commands" in chapbook("cache", "list", "--others").out
    assert "left by killed commands  1      3.0 kB" in chapbook("cache", "prune").out
    assert list((cache / "builds").iterdir()) == []


def test_everything_that_is_kept_is_shown_and_can_be_cleared(cache: Path, chapbook: Chapbook) -> None:
    overlay(cache)
    listed = chapbook("cache", "list", "--others").out
    assert "kernels/overlays/one" in listed
    assert "pristine environments" in listed
    info = chapbook("cache", "info").out
    assert "kernel overlays" in info
    assert "pristine environments" in info
    assert "takes no names" in chapbook("cache", "clear", "--others", "alpha").err
    assert "other things removed" in chapbook("cache", "clear", "--others").out
    assert "no such thing is kept" in chapbook("cache", "list", "--others").out
    assert "alpha" in chapbook("cache", "list", "--wheels").out
    assert chapbook("install").status == 0

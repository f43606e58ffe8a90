"""Building what comes as sources: what is built, and when again."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import installed, put_in, require, run_python, site_packages
from tests.core.commands.source_projects import BACKEND, archive_of, direct_url, lib, told_lib
from tests.fakes.repositories import committed, git, needs_git

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(workshop: Path) -> Path:
    return workshop


def test_a_source_archive_is_built_once_for_all_projects(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    index.serve("a", "1.0", sdist="only", build_log=str(log))
    require(project, "a")

    outcome = put_in(chapbook)
    assert "+ a 1.0\nChanged 1 package\n" == outcome.out
    assert "1.0" == run_python(project, "import a; print(a.__version__)")
    shutil.rmtree(project / ".venv")
    put_in(chapbook)

    assert 1 == log.read_text().split().count("build_wheel")
    assert ["a 1.0"] == installed(project)
    assert not list(site_packages(project).glob("a-*.dist-info/direct_url.json"))


def test_a_wheel_that_locking_had_to_build_is_the_one_that_is_put_in(
    project: Path, chapbook: Chapbook, tmp_path: Path
) -> None:
    lib(
        project / "lib",
        f"{BACKEND}\n_make = _wheel\ndef _wheel(*all):\n"
        f"    open({str(tmp_path / 'log')!r}, 'a').write('x')\n    return _make(*all)\n",
    )
    require(project, "lib @ file:lib")

    put_in(chapbook)
    put_in(chapbook)

    assert "x" == (tmp_path / "log").read_text()


def test_an_edit_in_a_folder_is_built(project: Path, chapbook: Chapbook) -> None:
    folder = lib(project / "lib")
    require(project, "lib @ file:lib")
    put_in(chapbook)
    assert "1" == run_python(project, "import lib; print(lib.VALUE)")

    (folder / "lib.py").write_text("VALUE = 22\n")
    shutil.rmtree(project / ".venv")
    put_in(chapbook)

    assert "22" == run_python(project, "import lib; print(lib.VALUE)")
    assert {"url": folder.as_uri(), "dir_info": {}} == direct_url(project)


def test_what_a_build_leaves_in_a_folder_is_removed(project: Path, chapbook: Chapbook) -> None:
    litter = "import os\nos.makedirs('build/lib', exist_ok=True)\nos.makedirs('lib.egg-info', exist_ok=True)\n"
    folder = lib(project / "lib", litter + BACKEND)
    require(project, "lib @ file:lib")

    put_in(chapbook)

    assert ["backend.py", "lib.py", "pyproject.toml"] == sorted(
        path.name for path in folder.iterdir() if path.name != "__pycache__"
    )


@needs_git
def test_a_repository_is_built_at_the_locked_commit(project: Path, chapbook: Chapbook, tmp_path: Path) -> None:
    top = tmp_path / "origin"
    folder = lib(top / "sub")
    commit = committed(top)
    url = f"file://{top}"
    require(project, f"lib @ git+{url}@main#subdirectory=sub")
    assert 0 == chapbook("lock").status
    (folder / "lib.py").write_text("VALUE = 2\n")
    git(top, "commit", "--quiet", "-am", "y")

    outcome = chapbook("install")

    assert 0 == outcome.status, outcome.err
    assert "1" == run_python(project, "import lib; print(lib.VALUE)")
    vcs = {"vcs": "git", "requested_revision": "main", "commit_id": commit}
    assert {"url": url, "vcs_info": vcs, "subdirectory": "sub"} == direct_url(project)
    assert "Nothing to do: 1 package is installed\n" == chapbook("sync").out


@needs_git
def test_submodules_are_there_when_a_repository_is_built(
    project: Path, chapbook: Chapbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    part = tmp_path / "part"
    part.mkdir()
    (part / "lib.py").write_text("VALUE = 'from a submodule'\n")
    committed(part)
    top = tmp_path / "origin"
    lib(top, BACKEND.replace('open("lib.py")', 'open("part/lib.py")'))
    git(top, "init", "--quiet")
    git(top, "submodule", "--quiet", "add", f"file://{part}", "part")
    committed(top)
    for number, (key, value) in enumerate({"protocol.file.allow": "always"}.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    require(project, f"lib @ git+file://{top}")

    put_in(chapbook)

    assert "from a submodule" == run_python(project, "import lib; print(lib.VALUE)")


def test_an_archive_here_is_built_from_what_was_locked(project: Path, chapbook: Chapbook) -> None:
    file = archive_of(lib(project / "made"), project / "lib-1.0.tar.gz")
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    require(project, "lib @ file:lib-1.0.tar.gz")

    put_in(chapbook)

    assert ["lib 1.0"] == installed(project)
    hashes = {"hash": f"sha256={digest}", "hashes": {"sha256": digest}}
    assert {"url": file.as_uri(), "archive_info": hashes} == direct_url(project)


def test_an_archive_that_is_not_the_locked_one_is_not_even_unpacked(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    index.serve("a", "1.0", sdist="only", build_log=str(log))
    require(project, "a")
    assert 0 == chapbook("lock").status
    lock = project / "poetry.lock"
    text = lock.read_text()
    digest = text.partition("sha256:")[2][:64]
    lock.write_text(text.replace(digest, "0" * 64))

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "a-1.0.tar.gz" in outcome.err
    assert not log.exists()
    assert [] == installed(project)


def test_settings_reach_the_build_and_make_another_wheel(project: Path, chapbook: Chapbook) -> None:
    lib(project / "lib")
    require(project, "lib @ file:lib")
    put_in(chapbook)
    assert "None" == run_python(project, "import lib; print(lib.SETTINGS)")

    assert 0 == chapbook("config", "installer.build-config-settings.lib", '{"debug": "yes"}').status
    shutil.rmtree(project / ".venv")
    put_in(chapbook)

    assert "{'debug': 'yes'}" == run_python(project, "import lib; print(lib.SETTINGS)")


def test_flags_for_the_compiler_make_another_wheel(
    project: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib(project / "lib", BACKEND.replace("repr(settings)", "repr(os.environ.get('CFLAGS'))"))
    require(project, "lib @ file:lib")
    monkeypatch.delenv("CFLAGS", raising=False)
    put_in(chapbook)
    assert "None" == run_python(project, "import lib; print(lib.SETTINGS)")
    for flags in ("-O0", "-O3"):
        monkeypatch.setenv("CFLAGS", flags)
        shutil.rmtree(project / ".venv")
        put_in(chapbook)
        assert flags == run_python(project, "import lib; print(lib.SETTINGS)")


def test_no_binary_builds_what_has_a_wheel(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    index.serve("a", "1.0", sdist=True, build_log=str(log))
    require(project, "a")
    monkeypatch.setenv("CHAPBOOK_INSTALLER_NO_BINARY", "a")

    put_in(chapbook)

    assert "build_wheel" in log.read_text()


def test_only_binary_builds_nothing(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "log"
    index.serve("a", "1.0", sdist="only", build_log=str(log))
    require(project, "a")
    assert 0 == chapbook("lock").status
    monkeypatch.setenv("CHAPBOOK_INSTALLER_ONLY_BINARY", ":all:")

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "`only-binary` asks for wheels" in outcome.err
    assert not log.exists()


def test_a_source_that_was_never_fetched_is_told_offline(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", sdist="only")
    require(project, "a")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install", "--offline")

    assert 1 == outcome.status
    assert "is not in the cache, and `--offline` forbids asking" in outcome.err


def test_builds_run_at_the_same_time(
    project: Path, chapbook: Chapbook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chapbook_core.commands.wheel_building.cores", lambda: 2)
    for name, other in (("one", "two"), ("two", "one")):
        wait = (
            "import os, time\n"
            f"open({str(tmp_path / name)!r}, 'w').close()\n"
            "deadline = time.monotonic() + 20\n"
            f"while not os.path.exists({str(tmp_path / other)!r}):\n"
            "    assert time.monotonic() < deadline\n"
            "    time.sleep(0.02)\n"
        )
        told_lib(project / name, wait + BACKEND, name=name)
    require(project, "one @ file:one", "two @ file:two")

    put_in(chapbook)

    assert ["one 1.0", "two 1.0"] == installed(project)


def test_a_source_can_be_added_and_updated(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", sdist="dynamic-only", requires=["b"])
    index.serve("b", "1.0")
    require(project)

    outcome = chapbook("add", "a")
    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "b 1.0"] == installed(project)

    index.serve("a", "1.1", sdist="only")
    assert 0 == chapbook("cache", "clear", "--all").status
    outcome = chapbook("update")
    assert 0 == outcome.status, outcome.err
    assert ["a 1.1"] == [text for text in installed(project) if text.startswith("a ")]


@pytest.mark.usefixtures("project")
def test_two_processes_can_build_the_same(index: FakeIndex, tmp_path: Path) -> None:
    index.serve("helper", "1.0")
    index.serve("a", "1.0", sdist="only", build_requires=["helper"])
    folders = [tmp_path / name for name in ("one", "two")]
    command = [sys.executable, "-m", "chapbook_core.cli"]
    ended: list[subprocess.CompletedProcess[str]] = []

    def work(folder: Path) -> None:
        ended.append(subprocess.run([*command, "install"], cwd=folder, check=False, capture_output=True, text=True))

    threads = []
    for folder in folders:
        folder.mkdir()
        require(folder, "a")
        subprocess.run([*command, "lock"], cwd=folder, check=True, capture_output=True)
        threads.append(threading.Thread(target=work, args=(folder,)))
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [0, 0] == [one.returncode for one in ended], [one.stderr for one in ended]
    assert [["a 1.0"]] * 2 == [installed(folder) for folder in folders]

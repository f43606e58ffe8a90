from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import pytest

from chapbook_core.environment.site_packages import scan_site_packages
from tests.fakes.index.sdist import pack

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook, Outcome
    from tests.fakes.index import FakeIndex

PYTHON = f">={sys.version_info[0]}.{sys.version_info[1]}"
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

BACKEND = """\
import base64, hashlib, json, os, sys, zipfile

NAME, VERSION = "lib", "1.0"


def _wheel(folder, members, version=VERSION, name=NAME, tag="py3-none-any"):
    info = name + "-" + version + ".dist-info"
    members[info + "/METADATA"] = "Metadata-Version: 2.1\\nName: " + name + "\\nVersion: " + version + "\\n"
    members[info + "/WHEEL"] = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: " + tag + "\\n"
    rows = ""
    for path, text in members.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
        rows += path + ",sha256=" + digest + "," + str(len(text.encode())) + "\\n"
    members[info + "/RECORD"] = rows + info + "/RECORD,,\\n"
    file = name + "-" + version + "-" + tag + ".whl"
    with zipfile.ZipFile(os.path.join(folder, file), "w") as wheel:
        for path, text in members.items():
            wheel.writestr(path, text)
    return file


def build_wheel(folder, settings=None, metadata=None):
    with open("lib.py") as file:
        return _wheel(folder, {"lib.py": file.read() + "SETTINGS = " + repr(settings) + "\\n"})
"""
EDITABLE = """

def build_editable(folder, settings=None, metadata=None):
    return _wheel(folder, {"_lib.pth": os.getcwd() + "\\n"})
"""
IN_TREE = '[build-system]\nrequires = {requires}\nbuild-backend = "backend"\nbackend-path = ["."]\n'


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The pristine environments of one cache, so that one is made in earnest."""
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def cache(tmp_path: Path, environments: Path) -> Path:
    cache = tmp_path / "cache"
    cache.mkdir()
    for name in ("environments", "interpreters"):
        (environments / name).mkdir(exist_ok=True)
        (cache / name).symlink_to(environments / name)
    return cache


@pytest.fixture
def project(equipped: Path) -> Path:
    return equipped


def require(project: Path, *requirements: str, tool: str = "", package: bool = False, more: str = "") -> None:
    listed = "".join(f"    {requirement!r},\n" for requirement in requirements)
    mode = "" if package else "package-mode = false\n"
    (project / "pyproject.toml").write_text(
        f'[project]\nname = "here"\nversion = "1.0"\nrequires-python = "{PYTHON}"\n'
        f"dependencies = [\n{listed}]\n{more}\n[tool.poetry]\n{mode}{tool}",
        "utf-8",
    )


def lib(folder: Path, backend: str = BACKEND, *, requires: str = "[]", text: str = "VALUE = 1\n") -> Path:
    """Make a project with a backend of its own, which no file describes."""
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(IN_TREE.format(requires=requires), "utf-8")
    (folder / "backend.py").write_text(backend, "utf-8")
    (folder / "lib.py").write_text(text, "utf-8")
    return folder


def archive_of(folder: Path, file: Path) -> Path:
    members = {f"lib-1.0/{path.name}": path.read_bytes() for path in folder.iterdir() if path.is_file()}
    file.write_bytes(pack(members))
    return file


def site_packages(project: Path) -> Path:
    return next((project / ".venv").glob("lib/python*/site-packages"))


def installed(project: Path) -> list[str]:
    return sorted(f"{one.name} {one.version}" for one in scan_site_packages(site_packages(project)))


def direct_url(project: Path, name: str = "lib") -> object:
    (file,) = site_packages(project).glob(f"{name}-*.dist-info/direct_url.json")
    return json.loads(file.read_text())


def python(project: Path, code: str) -> str:
    ended = subprocess.run(
        [project / ".venv" / "bin" / "python", "-c", code], capture_output=True, text=True, check=False
    )
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout.strip()


def put_in(chapbook: Chapbook, *words: str) -> Outcome:
    outcome = chapbook("lock")
    assert 0 == outcome.status, outcome.err
    outcome = chapbook("install", *words)
    assert 0 == outcome.status, outcome.err
    return outcome


def anew(project: Path) -> None:
    shutil.rmtree(project / ".venv")


def git(folder: Path, *words: str) -> str:
    names = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "protocol.file.allow=always")
    return subprocess.run(
        ["git", *names, *words], cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


def repository(folder: Path) -> str:
    git(folder, "init", "--quiet", "--initial-branch", "main")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "x")
    return git(folder, "rev-parse", "HEAD")


# What is built, and when again


def test_a_source_archive_is_built_once_for_all_projects(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    index.serve("a", "1.0", sdist="only", build_log=str(log))
    require(project, "a")

    outcome = put_in(chapbook)
    assert "+ a 1.0\nChanged 1 package\n" == outcome.out
    assert "1.0" == python(project, "import a; print(a.__version__)")
    anew(project)
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
    assert "1" == python(project, "import lib; print(lib.VALUE)")

    (folder / "lib.py").write_text("VALUE = 22\n")
    anew(project)
    put_in(chapbook)

    assert "22" == python(project, "import lib; print(lib.VALUE)")
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
    commit = repository(top)
    url = f"file://{top}"
    require(project, f"lib @ git+{url}@main#subdirectory=sub")
    assert 0 == chapbook("lock").status
    (folder / "lib.py").write_text("VALUE = 2\n")
    git(top, "commit", "--quiet", "-am", "y")

    outcome = chapbook("install")

    assert 0 == outcome.status, outcome.err
    assert "1" == python(project, "import lib; print(lib.VALUE)")
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
    repository(part)
    top = tmp_path / "origin"
    lib(top, BACKEND.replace('open("lib.py")', 'open("part/lib.py")'))
    git(top, "init", "--quiet")
    git(top, "submodule", "--quiet", "add", f"file://{part}", "part")
    repository(top)
    for number, (key, value) in enumerate({"protocol.file.allow": "always"}.items()):
        monkeypatch.setenv(f"GIT_CONFIG_KEY_{number}", key)
        monkeypatch.setenv(f"GIT_CONFIG_VALUE_{number}", value)
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    require(project, f"lib @ git+file://{top}")

    put_in(chapbook)

    assert "from a submodule" == python(project, "import lib; print(lib.VALUE)")


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


# What builds need


def test_what_a_build_requires_comes_from_the_index(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("helper", "2.0", requires=["deeper"])
    index.serve("helper", "3.0")
    index.serve("deeper", "1.0")
    lib(project / "lib", "import helper, deeper\n" + BACKEND, requires='["helper<3"]')
    require(project, "lib @ file:lib")

    put_in(chapbook)

    assert ["lib 1.0"] == installed(project)


def test_what_a_build_requires_may_have_to_be_built_too(
    project: Path, index: FakeIndex, chapbook: Chapbook, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    index.serve("helper", "2.0", sdist="dynamic-only", build_log=str(log))
    index.serve("a", "1.0", sdist="only", build_requires=["helper"])
    require(project, "a")

    put_in(chapbook)

    assert ["a 1.0"] == installed(project)
    assert "build_wheel" in log.read_text()


def test_packages_that_need_each_other_to_be_built_are_told(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0", sdist="only", build_requires=["b"])
    index.serve("b", "1.0", sdist="only", build_requires=["a"])
    require(project, "a")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "`a` needs `b` needs `a`" in outcome.err
    assert [] == installed(project)


def test_what_a_build_requires_and_nobody_has_is_named(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("helper", "1.0")
    index.serve("a", "1.0", sdist="only", build_requires=["helper>=2", "nowhere"])
    require(project, "a")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "building a 1.0 failed: what its build needs (helper>=2, nowhere) cannot be had" in outcome.err
    assert "Traceback" not in outcome.err


def test_constraints_on_builds_are_obeyed(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("helper", "1.0")
    index.serve("helper", "2.0", files={"helper.py": "raise ImportError('the wrong one')\n"})
    lib(project / "lib", "import helper\n" + BACKEND, requires='["helper"]')
    require(project, "lib @ file:lib", tool='\n[tool.poetry.build-constraints]\nlib = { helper = "<2" }\n')

    put_in(chapbook)

    assert ["lib 1.0"] == installed(project)


def test_builds_that_require_the_same_share_an_environment_also_later(
    project: Path, index: FakeIndex, chapbook: Chapbook, cache: Path
) -> None:
    index.serve("helper", "1.0")
    for name in ("a", "b"):
        index.serve(name, "1.0", sdist="only", build_requires=["helper"])
    require(project, "a", "b")
    put_in(chapbook)
    (environment,) = (cache / "build-environments").glob("*/intact")
    before = environment.parent.stat().st_ino

    index.serve("c", "1.0", sdist="only", build_requires=["helper"])
    require(project, "a", "b", "c")
    put_in(chapbook)

    (environment,) = (cache / "build-environments").glob("*/intact")
    assert before == environment.parent.stat().st_ino


def test_an_environment_that_a_build_has_changed_is_made_anew(
    project: Path, index: FakeIndex, chapbook: Chapbook, cache: Path
) -> None:
    index.serve("helper", "1.0")
    spoil = "import helper, os\nopen(os.path.join(os.path.dirname(helper.__file__), 'spoiled.py'), 'w').close()\n"
    folder = lib(project / "lib", spoil + BACKEND, requires='["helper"]')
    require(project, "lib @ file:lib")
    put_in(chapbook)
    assert list((cache / "build-environments").rglob("spoiled.py"))

    (folder / "backend.py").write_text(BACKEND)
    anew(project)
    put_in(chapbook)

    assert not list((cache / "build-environments").rglob("spoiled.py"))


def test_settings_reach_the_build_and_make_another_wheel(project: Path, chapbook: Chapbook) -> None:
    lib(project / "lib")
    require(project, "lib @ file:lib")
    put_in(chapbook)
    assert "None" == python(project, "import lib; print(lib.SETTINGS)")

    assert 0 == chapbook("config", "installer.build-config-settings.lib", '{"debug": "yes"}').status
    anew(project)
    put_in(chapbook)

    assert "{'debug': 'yes'}" == python(project, "import lib; print(lib.SETTINGS)")


def test_flags_for_the_compiler_make_another_wheel(
    project: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    lib(project / "lib", BACKEND.replace("repr(settings)", "repr(os.environ.get('CFLAGS'))"))
    require(project, "lib @ file:lib")
    monkeypatch.delenv("CFLAGS", raising=False)
    put_in(chapbook)
    assert "None" == python(project, "import lib; print(lib.SETTINGS)")
    for flags in ("-O0", "-O3"):
        monkeypatch.setenv("CFLAGS", flags)
        anew(project)
        put_in(chapbook)
        assert flags == python(project, "import lib; print(lib.SETTINGS)")


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


def test_a_build_works_offline_when_its_needs_were_had_before(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("helper", "1.0")
    for name in ("a", "b"):
        index.serve(name, "1.0", sdist="only", build_requires=["helper"])
    require(project, "a")
    put_in(chapbook)
    folder = lib(project / "lib", "import helper\n" + BACKEND, requires='["helper"]')
    require(project, "a", f"lib @ file:{folder.name}")
    asked = sum(index.counts.values()) if hasattr(index.counts, "values") else None

    outcome = chapbook("lock", "--offline")
    assert 0 == outcome.status, outcome.err
    outcome = chapbook("install", "--offline")

    assert 0 == outcome.status, outcome.err
    assert ["a 1.0", "lib 1.0"] == installed(project)
    assert asked is None or asked == sum(index.counts.values())


def test_a_source_that_was_never_fetched_is_told_offline(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", sdist="only")
    require(project, "a")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install", "--offline")

    assert 1 == outcome.status
    assert "is not in the cache, and `--offline` forbids asking" in outcome.err


# What goes wrong


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (('NAME, VERSION = "lib"', 'NAME, VERSION = "other"'), "its backend made a wheel of `other`"),
        (('"lib", "1.0"', '"lib", "2.0"'), "its backend made version 2.0"),
        (('tag="py3-none-any"', 'tag="cp27-none-win32"'), "does not fit this Python"),
        (("    with open", "    print('so it goes'); 1 / 0\n    with open"), "so it goes"),
        (("    with open", "    sys.exit(3)\n    with open"), "failed without a word"),
        (("    with open", "    os._exit(0)\n    with open"), "ended without an answer"),
        (("    with open", "    return '../../x.whl'\n    with open"), "no file name"),
        (("    with open", "    return 'lib-1.0-py3-none-any.whl'\n    with open"), "made no wheel"),
        (('[info + "/RECORD"] = rows', '[info + "/RECORD"] = "x,sha256=AAA,1\\n"'), "lib-1.0-py3-none-any.whl"),
    ],
)
def test_a_build_that_goes_wrong_changes_nothing(
    project: Path, chapbook: Chapbook, cache: Path, edit: tuple[str, str], words: str
) -> None:
    assert edit[0] in BACKEND
    folder = lib(project / "made", BACKEND.replace(*edit))
    (folder / "PKG-INFO").write_text("Metadata-Version: 2.2\nName: lib\nVersion: 1.0\n")
    archive_of(folder, project / "lib-1.0.tar.gz")
    require(project, "lib @ file:lib-1.0.tar.gz")
    outcome = chapbook("lock")
    assert 0 == outcome.status, outcome.err

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert words in outcome.err
    assert "Traceback (most recent call last)" not in outcome.err or "ZeroDivisionError" in outcome.err
    assert [] == installed(project)
    assert [] == list((cache / "builds").iterdir())
    assert not list((project / ".venv" / ".chapbook").glob("stage*"))


def test_everything_a_failed_build_said_can_be_read_later(project: Path, chapbook: Chapbook, cache: Path) -> None:
    lib(project / "lib", "for number in range(300): print('line', number)\n1 / 0\n")
    require(project, "lib @ file:lib")

    outcome = chapbook("lock")

    (log,) = (cache / "logs").iterdir()
    assert str(log) in outcome.err
    assert "line 0\n" in log.read_text()
    assert "line 0\n" not in outcome.err


def test_of_several_builds_the_first_failure_is_told(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    for name in ("a", "b", "c", "d"):
        index.serve(name, "1.0", sdist="only", build_requires=["nowhere"] if name == "c" else [])
    require(project, "a", "b", "c", "d")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "building c 1.0 failed" in outcome.err
    assert [] == installed(project)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_ends_builds_that_others_wait_for(
    project: Path, index: FakeIndex, cache: Path, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    hang = f"import pathlib, time\npathlib.Path({str(begun)!r}).touch()\ntime.sleep(60)\n"
    folder = lib(tmp_path / "made", hang + BACKEND.replace('"lib"', '"helper"'))
    (folder / "PKG-INFO").write_text("Metadata-Version: 2.2\nName: helper\nVersion: 1.0\n")
    members = {f"helper-1.0/{path.name}": path.read_bytes() for path in folder.iterdir() if path.is_file()}
    index.add_file("helper", "helper-1.0.tar.gz", pack(members))
    for name in ("a", "b"):
        index.serve(name, "1.0", sdist="only", build_requires=["helper"])
    require(project, "a", "b")
    command = [sys.executable, "-m", "chapbook_core.cli"]
    subprocess.run([*command, "lock"], cwd=project, check=True, capture_output=True)
    child = subprocess.Popen([*command, "install"], cwd=project, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not begun.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=20)

    assert time.monotonic() - began < 3
    assert 0 != child.returncode
    assert "Traceback" not in err
    assert [] == list((cache / "builds").iterdir())
    assert [] == installed(project)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_an_interrupt_ends_a_build_with_all_its_children(project: Path, cache: Path, tmp_path: Path) -> None:
    mark, begun = tmp_path / "mark", tmp_path / "begun"
    touch = f"import pathlib; pathlib.Path({str(begun)!r}).touch()"
    code = f"{touch}; import time; time.sleep(4); pathlib.Path({str(mark)!r}).touch()"
    hang = f"import subprocess, sys, time\nsubprocess.Popen([sys.executable, '-c', {code!r}])\ntime.sleep(60)\n"
    folder = lib(project / "made", hang + BACKEND)
    (folder / "PKG-INFO").write_text("Metadata-Version: 2.2\nName: lib\nVersion: 1.0\n")
    archive_of(folder, project / "lib-1.0.tar.gz")
    require(project, "lib @ file:lib-1.0.tar.gz")
    command = [sys.executable, "-m", "chapbook_core.cli"]
    subprocess.run([*command, "lock"], cwd=project, check=True, capture_output=True)
    child = subprocess.Popen([*command, "install"], cwd=project, stderr=subprocess.PIPE, text=True)
    deadline = time.monotonic() + 20
    while not begun.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    began = time.monotonic()
    child.send_signal(signal.SIGINT)
    _out, err = child.communicate(timeout=20)

    assert time.monotonic() - began < 3
    assert 0 != child.returncode
    assert "Traceback" not in err
    assert [] == list((cache / "builds").iterdir())
    assert [] == installed(project)
    time.sleep(4.2)
    assert not mark.exists()


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_no_build_outlives_a_process_that_was_killed_and_the_next_one_sweeps(
    project: Path, cache: Path, chapbook: Chapbook, tmp_path: Path
) -> None:
    begun = tmp_path / "begun"
    code = f"import pathlib, time\nfor _ in range(300): pathlib.Path({str(begun)!r}).touch(); time.sleep(0.1)"
    hang = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {code!r}])\n"
    folder = lib(project / "made", hang + BACKEND)
    (folder / "PKG-INFO").write_text("Metadata-Version: 2.2\nName: lib\nVersion: 1.0\n")
    archive_of(folder, project / "lib-1.0.tar.gz")
    require(project, "lib @ file:lib-1.0.tar.gz")
    assert 0 == chapbook("lock").status
    child = subprocess.Popen([sys.executable, "-m", "chapbook_core.cli", "install"], cwd=project)
    _until(begun.exists)
    child.kill()
    child.wait()

    _until(lambda: time.time() - begun.stat().st_mtime > 1)
    archive_of(lib(project / "mended"), project / "lib-1.0.tar.gz")
    assert 0 == chapbook("lock").status
    put_in(chapbook)
    assert [] == list((cache / "builds").iterdir())


def _until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


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
        folder = lib(project / name, wait + BACKEND.replace('NAME, VERSION = "lib"', f'NAME, VERSION = "{name}"'))
        (folder / "PKG-INFO").write_text(f"Metadata-Version: 2.2\nName: {name}\nVersion: 1.0\n")
    require(project, "one @ file:one", "two @ file:two")

    put_in(chapbook)

    assert ["one 1.0", "two 1.0"] == installed(project)


# Editables


def test_a_backend_makes_its_project_editable(project: Path, chapbook: Chapbook) -> None:
    folder = lib(project / "lib", BACKEND + EDITABLE)
    require(project, "lib", tool='\n[tool.poetry.dependencies]\nlib = { path = "lib", develop = true }\n')
    put_in(chapbook)

    (folder / "lib.py").write_text("VALUE = 3\n")

    assert "3" == python(project, "import lib; print(lib.VALUE)")
    assert {"url": folder.as_uri(), "dir_info": {"editable": True}} == direct_url(project)
    assert "Nothing to do: 1 package is installed\n" == chapbook("sync").out


@needs_git
def test_a_repository_to_work_in_is_checked_out_in_the_environment(
    project: Path, chapbook: Chapbook, tmp_path: Path
) -> None:
    top = tmp_path / "origin"
    folder = lib(top / "sub", BACKEND + EDITABLE)
    commit = repository(top)
    table = f'{{ git = "file://{top}", branch = "main", subdirectory = "sub", develop = true }}'
    require(project, "lib", tool=f"\n[tool.poetry.dependencies]\nlib = {table}\n")
    put_in(chapbook)
    checkout = project / ".venv" / "src" / "lib"
    assert f"{checkout}/sub/lib.py" == python(project, "import lib; print(lib.__file__)")
    vcs = {"vcs": "git", "requested_revision": "main", "commit_id": commit}
    assert {"url": f"file://{top}", "vcs_info": vcs, "subdirectory": "sub"} == direct_url(project)
    assert commit == git(checkout, "rev-parse", "HEAD")
    assert "Nothing to do: 1 package is installed\n" == chapbook("sync").out

    # Another commit comes beside it, and what nobody has touched goes.
    for value in (2, 3):
        (folder / "lib.py").write_text(f"VALUE = {value}\n")
        git(top, "commit", "--quiet", "-am", "y")
        assert 0 == chapbook("update").status
        assert str(value) == python(project, "import lib; print(lib.VALUE)")
        assert 1 == len(list((project / ".venv" / "src").iterdir()))

    # Somebody's work stays.
    (mine,) = (project / ".venv" / "src").iterdir()
    (mine / "sub" / "lib.py").write_text("VALUE = 'mine'\n")
    assert "mine" == python(project, "import lib; print(lib.VALUE)")
    outcome = chapbook("remove", "lib")
    assert 0 == outcome.status, outcome.err
    assert f"`{mine}` is used no more, and stays because of the work in it" in outcome.err
    assert "VALUE = 'mine'\n" == (mine / "sub" / "lib.py").read_text()
    assert [] == installed(project)


def test_a_backend_without_editables_is_told_with_what_to_do(project: Path, chapbook: Chapbook) -> None:
    lib(project / "lib")
    require(project, "lib", tool='\n[tool.poetry.dependencies]\nlib = { path = "lib", develop = true }\n')
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "its backend `backend` has no hook to build an editable wheel (PEP 660)" in outcome.err
    assert "develop = true" in outcome.err


def test_a_project_whose_backend_cannot_is_put_in_by_its_paths(project: Path, chapbook: Chapbook) -> None:
    folder = lib(project / "lib")
    (folder / "pyproject.toml").write_text('[project]\nname = "lib"\nversion = "1.0"\n' + IN_TREE.format(requires="[]"))
    require(project, "lib", tool='\n[tool.poetry.dependencies]\nlib = { path = "lib", develop = true }\n')
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 0 == outcome.status, outcome.err
    assert "`lib` is put in by the paths of its folders" in outcome.err
    assert "1" == python(project, "import lib; print(lib.VALUE)")


def test_the_project_itself_is_made_editable_by_its_backend(project: Path, chapbook: Chapbook) -> None:
    (project / "backend.py").write_text((BACKEND + EDITABLE).replace('NAME, VERSION = "lib"', 'NAME, VERSION = "here"'))
    (project / "lib.py").write_text("VALUE = 8\n")
    require(project, package=True, more=IN_TREE.format(requires="[]"))

    put_in(chapbook)

    assert "8" == python(project, "import lib; print(lib.VALUE)")
    assert {"url": project.as_uri(), "dir_info": {"editable": True}} == direct_url(project, "here")
    file = next(site_packages(project).glob("here-*.dist-info/RECORD"))
    before = file.stat().st_mtime_ns
    put_in(chapbook)
    assert before == file.stat().st_mtime_ns
    with (project / "pyproject.toml").open("a") as stream:
        stream.write("\n[tool.other]\nx = 1\n")
    put_in(chapbook)
    assert before != next(site_packages(project).glob("here-*.dist-info/RECORD")).stat().st_mtime_ns


def test_a_build_script_runs_before_the_project_is_put_in(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("poetry-core", "2.0.0")
    (project / "here").mkdir()
    (project / "here" / "__init__.py").touch()
    (project / "build.py").write_text("open('here/made.py', 'w').write('VALUE = 9\\n')\n")
    system = '[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n'
    require(project, package=True, more=system, tool='\n[tool.poetry.build]\nscript = "build.py"\n')

    put_in(chapbook)

    assert "9" == python(project, "import here.made; print(here.made.VALUE)")
    (project / "here" / "made.py").unlink()
    (project / "build.py").write_text("open('here/made.py', 'w').write('VALUE = 10\\n')\n")
    put_in(chapbook)
    assert "10" == python(project, "import here.made; print(here.made.VALUE)")


def test_a_build_script_that_fails_changes_nothing(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("poetry-core", "2.0.0")
    index.serve("a", "1.0")
    (project / "here.py").touch()
    (project / "build.py").write_text("print('no compiler'); 1 / 0\n")
    system = '[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n'
    require(project, "a", package=True, more=system, tool='\n[tool.poetry.build]\nscript = "build.py"\n')
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 1 == outcome.status
    assert "no compiler" in outcome.err
    assert [] == installed(project)


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


def test_a_process_that_was_killed_leaves_its_builds_to_the_next(
    project: Path, index: FakeIndex, chapbook: Chapbook, cache: Path
) -> None:
    index.serve("a", "1.0", sdist="only")
    (cache / "builds" / "1-abc").mkdir(parents=True)
    (cache / "builds" / "1-abc" / "half").touch()
    (cache / "builds" / "1-abc.lock").touch()
    require(project, "a")

    put_in(chapbook)

    assert [] == list((cache / "builds").iterdir())


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

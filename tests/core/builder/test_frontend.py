from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.build_failure import BuildFailed, HookMissing
from chapbook_core.builder.build_system import BuildSystem, read_build_system
from chapbook_core.builder.child import ChildTookTooLong, run_child
from chapbook_core.builder.frontend import Frontend
from chapbook_core.builder.isolation import BuildEnvironment, BuildRequirementsFailed
from chapbook_core.builder.unpacking import unpack
from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.events import Event, Unwatched
from tests.fakes.engine import is_alive, wait_until
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chapbook_core.events import Watcher

PATH = {"PATH": os.environ.get("PATH", os.defpath)}


class _Watcher:
    """Remembers what it is told, and is cancelled after some glances."""

    def __init__(self, glances: int = 1_000_000) -> None:
        self.events: list[Event] = []
        self._glances = glances

    def emit(self, event: Event, /) -> None:
        self.events.append(event)

    def checkpoint(self) -> None:
        self._glances -= 1
        if self._glances < 0:
            raise Cancelled


class _CancelledWhen(_Watcher):
    """Is cancelled as soon as a file is there."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self._file = file

    def checkpoint(self) -> None:
        if self._file.exists():
            raise Cancelled


class _Environments:
    """One environment with nothing in it, whatever is required; of some names it knows nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.asked: list[tuple[str, ...]] = []

    def environment(self, requires: Sequence[str]) -> BuildEnvironment:
        self.asked.append(tuple(requires))
        if "nowhere-to-be-found" in requires:
            raise BuildRequirementsFailed(requires, ChapbookError("no index has it", hints=["look elsewhere"]))
        return BuildEnvironment(self._folder)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build") / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


@pytest.fixture
def environments(python: Path) -> _Environments:
    return _Environments(python)


def _frontend(environments: _Environments, folder: Path, watcher: Watcher | None = None) -> Frontend:
    folder.mkdir()
    return Frontend({**PATH, "A_TOKEN": "s3cret"}, watcher or Unwatched(), environments, folder)


@pytest.fixture
def frontend(environments: _Environments, tmp_path: Path) -> Frontend:
    return _frontend(environments, tmp_path / "builds")


IN_TREE = 'build-backend = "b"\nbackend-path = ["."]'


def _tree(folder: Path, backend: str, table: str = f"requires = []\n{IN_TREE}") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "pyproject.toml").write_text(f"[build-system]\n{table}\n", "utf-8")
    (folder / "b.py").write_text(backend, "utf-8")
    return folder


METADATA = "Metadata-Version: 2.1\\nName: a\\nVersion: 1\\nRequires-Dist: c>=3\\n"
PREPARES = f"""
import os
def prepare_metadata_for_build_wheel(folder, settings=None):
    os.mkdir(os.path.join(folder, "a-1.dist-info"))
    with open(os.path.join(folder, "a-1.dist-info", "METADATA"), "w") as file:
        file.write("{METADATA}")
    return "a-1.dist-info"
"""
BUILDS = f"""
import os, zipfile
def build_wheel(folder, settings=None, metadata_directory=None):
    with zipfile.ZipFile(os.path.join(folder, "a-1-py3-none-any.whl"), "w") as wheel:
        wheel.writestr("a-1.dist-info/METADATA", "{METADATA}")
    return "a-1-py3-none-any.whl"
"""


def _unpacked(tmp_path: Path, log: Path) -> Path:
    with FakeIndex() as index:
        index.serve("source", "1.0", requires=["c>=3"], sdist="dynamic-only", build_log=str(log))
        (file,) = index.files("source")
        archive = tmp_path / file.filename
        archive.write_bytes(file.body)
    return unpack(archive, archive.name, tmp_path / "tree")


def test_metadata_comes_from_the_backend_of_the_tree_itself(frontend: Frontend, tmp_path: Path) -> None:
    log = tmp_path / "log"

    found = frontend.metadata(_unpacked(tmp_path, log), "source 1.0")

    assert (("c>=3",), None) == (found.metadata.requires_dist, found.wheel)
    assert ["get_requires_for_build_wheel", "prepare_metadata_for_build_wheel"] == log.read_text().split()


def test_a_wheel_comes_from_the_backend_of_the_tree_itself(frontend: Frontend, tmp_path: Path) -> None:
    log = tmp_path / "log"

    wheel = frontend.wheel(_unpacked(tmp_path, log), "source 1.0")

    assert "source-1.0-py3-none-any.whl" == wheel.name
    assert "source/__init__.py" in zipfile.ZipFile(wheel).namelist()
    assert ["get_requires_for_build_wheel", "build_wheel"] == log.read_text().split()


def test_an_editable_wheel_leads_to_the_tree(frontend: Frontend, tmp_path: Path) -> None:
    log = tmp_path / "log"
    tree = _unpacked(tmp_path, log)

    wheel = frontend.wheel(tree, "source 1.0", kind="editable")

    assert f"{tree / 'src'}\n" == zipfile.ZipFile(wheel).read("_source_1.0.pth").decode()
    assert ["get_requires_for_build_editable", "build_editable"] == log.read_text().split()


def test_a_backend_without_editables_is_told_apart(frontend: Frontend, tmp_path: Path) -> None:
    with pytest.raises(HookMissing):
        frontend.wheel(_tree(tmp_path / "a", BUILDS), "a", kind="editable")


def test_a_backend_hears_the_settings(frontend: Frontend, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    backend = (
        "import json\n"
        "def build_wheel(folder, settings=None, metadata=None):\n"
        f"    open({str(heard)!r}, 'w').write(json.dumps(settings))\n"
        "    open(folder + '/a-1-py3-none-any.whl', 'w').close()\n"
        "    return 'a-1-py3-none-any.whl'\n"
    )

    frontend.wheel(_tree(tmp_path / "a", backend), "a", {"x": "1", "--global-option": ["a", "b"]})

    assert {"x": "1", "--global-option": ["a", "b"]} == json.loads(heard.read_text())


def test_a_backend_may_require_more_than_its_table_says(
    frontend: Frontend, environments: _Environments, tmp_path: Path
) -> None:
    backend = f"def get_requires_for_build_wheel(settings=None): return ['one', 'two>=2']\n{PREPARES}"

    frontend.metadata(_tree(tmp_path / "a", backend, 'requires = ["one"]\n' + IN_TREE), "a")

    assert [("one",), ("one", "two>=2")] == environments.asked


def test_a_backend_may_talk_and_finds_nobody_to_ask(frontend: Frontend, tmp_path: Path) -> None:
    backend = f"import sys\nprint('garbage {{\"result\": 1}}')\nassert sys.stdin.read() == ''\n{PREPARES}"

    found = frontend.metadata(_tree(tmp_path / "a", backend), "a")

    assert "a" == found.metadata.name


def test_everything_a_failed_build_said_is_kept(environments: _Environments, tmp_path: Path) -> None:
    kept = []

    def keep(what: str, output: str) -> Path:
        kept.append((what, output))
        return tmp_path / "log"

    (tmp_path / "builds").mkdir()
    frontend = Frontend(PATH, Unwatched(), environments, tmp_path / "builds", keep)
    backend = "for number in range(500): print(f'line {number} https://me:s3cret@example.org/')\n1 / 0"

    with pytest.raises(BuildFailed) as caught:
        frontend.metadata(_tree(tmp_path / "a", backend), "a 1.0")

    ((what, output),) = kept
    assert "a 1.0" == what
    assert "line 0 https://****@example.org/" in output
    assert "line 0 " not in caught.value.message
    assert "ZeroDivisionError" in caught.value.message
    assert f"everything it said is in `{tmp_path / 'log'}`" in caught.value.hints


@pytest.mark.parametrize("backend", [PREPARES, BUILDS])
def test_metadata_is_prepared_or_taken_from_a_wheel(frontend: Frontend, tmp_path: Path, backend: str) -> None:
    found = frontend.metadata(_tree(tmp_path / "a", backend), "a").metadata

    assert ("a", "1", ("c>=3",)) == (found.name, found.version, found.requires_dist)


def test_a_build_sees_no_variable_that_could_hold_a_token(frontend: Frontend, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    backend = f"import json, os\nwith open({str(seen)!r}, 'w') as file: json.dump(dict(os.environ), file)\n{PREPARES}"

    frontend.metadata(_tree(tmp_path / "a", backend), "a")

    variables = json.loads(seen.read_text())
    assert "s3cret" not in seen.read_text()
    assert "PATH" in variables
    assert str(frontend.folder) in variables["TMPDIR"]


@pytest.mark.parametrize(
    ("backend", "words"),
    [
        (
            "def build_wheel(folder, settings=None, metadata=None):\n    print('it is broken')\n    1 / 0",
            "it is broken",
        ),
        ("import nowhere", "nowhere"),
        ("", "no hook to build a wheel"),
        ("def prepare_metadata_for_build_wheel(folder, settings=None): return '../x'", "no file name"),
        ("def prepare_metadata_for_build_wheel(folder, settings=None): return 'x'", "METADATA"),
        ("def get_requires_for_build_wheel(settings=None): return ['--index-url=x']", "--index-url=x"),
        ("import sys; sys.exit('https://me:s3cret@example.org/')", "https://****@example.org"),
    ],
)
def test_a_build_that_fails_shows_its_words(frontend: Frontend, tmp_path: Path, backend: str, words: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        frontend.metadata(_tree(tmp_path / "a", backend), "a 1.0")

    assert "building a 1.0 failed" in caught.value.message
    assert words in caught.value.message


@pytest.mark.parametrize(
    ("backend", "code"),
    [
        ("def build_wheel(folder, settings=None, metadata=None):\n    return 1 / 0", "return 1 / 0"),
        ("import os\nimport nowhere", "import nowhere"),
        ("def build_wheel(folder, settings=None, metadata=None):\n    return open(folder)", "return open(folder)"),
    ],
)
def test_a_traceback_begins_where_the_code_of_the_backend_does(
    frontend: Frontend, tmp_path: Path, backend: str, code: str
) -> None:
    with pytest.raises(BuildFailed) as caught:
        frontend.metadata(_tree(tmp_path / "a", backend), "a 1.0")

    lines = caught.value.message.partition("Traceback (most recent call last):\n")[2].splitlines()
    assert lines[0].startswith(f'  File "{tmp_path / "a" / "b.py"}", line ')
    assert lines[1].strip() == code
    assert "hook_runner" not in caught.value.message
    assert "importlib" not in caught.value.message


def test_a_backend_that_is_not_there_is_told_without_a_traceback(frontend: Frontend, tmp_path: Path) -> None:
    tree = _tree(tmp_path / "a", "", 'requires = []\nbuild-backend = "nowhere"')

    with pytest.raises(BuildFailed) as caught:
        frontend.metadata(tree, "a 1.0")

    assert "No module named 'nowhere'" in caught.value.message
    assert "Traceback" not in caught.value.message


def test_requirements_that_are_nowhere_are_told(frontend: Frontend, tmp_path: Path) -> None:
    tree = _tree(tmp_path / "a", PREPARES, 'requires = ["nowhere-to-be-found"]\nbuild-backend = "b"')

    with pytest.raises(BuildFailed, match=r"what its build needs \(nowhere-to-be-found\) cannot be had") as caught:
        frontend.metadata(tree, "a")

    assert ("look elsewhere",) == tuple(caught.value.hints)


def test_a_build_can_be_cancelled_and_takes_its_children_along(environments: _Environments, tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    backend = (
        "import pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
        f"part = pathlib.Path({str(tmp_path / 'part')!r})\n"
        f"part.write_text(str(child.pid))\npart.rename({str(mark)!r})\n"
        "time.sleep(600)\n"
    )
    frontend = _frontend(environments, tmp_path / "builds", _CancelledWhen(mark))
    with pytest.raises(Cancelled):
        frontend.metadata(_tree(tmp_path / "a", backend), "a")

    child = int(mark.read_text())
    assert wait_until(lambda: not is_alive(child))


def test_a_hook_that_hangs_is_ended(environments: _Environments, tmp_path: Path) -> None:
    (tmp_path / "builds").mkdir()
    frontend = Frontend(PATH, Unwatched(), environments, tmp_path / "builds", patience=0.5)

    with pytest.raises(BuildFailed, match="more than 0 seconds") as caught:
        frontend.wheel(_tree(tmp_path / "a", "import time; time.sleep(60)"), "a 1.0")

    assert ("choose a version with a wheel",) == tuple(caught.value.hints)


def test_nobody_is_sent_to_the_owners_of_what_is_their_own(environments: _Environments, tmp_path: Path) -> None:
    (tmp_path / "builds").mkdir()
    frontend = Frontend(PATH, Unwatched(), environments, tmp_path / "builds", is_own=True)

    with pytest.raises(BuildFailed, match="boom") as caught:
        frontend.wheel(_tree(tmp_path / "a", "raise SystemExit('boom')"), "the wheel")

    assert caught.value.hints[0].endswith("what they name is in the project itself")


def test_a_child_is_ended_when_its_time_is_over(tmp_path: Path) -> None:
    with pytest.raises(ChildTookTooLong, match="more than 0 seconds"):
        run_child(["sleep", "60"], folder=tmp_path, variables=PATH, watcher=Unwatched(), seconds=0.2)


def test_without_a_table_setuptools_builds(tmp_path: Path) -> None:
    (tmp_path / "setup.py").touch()

    assert BuildSystem(("setuptools>=40.8.0",), "setuptools.build_meta:__legacy__") == read_build_system(tmp_path)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ('requires = ["x"]\nbackend-path = [".."]', "leads out of its source tree"),
        ('requires = ["x"]\nbackend-path = ["/tmp"]', "leads out of its source tree"),
        ('requires = ["x"]\nbackend-path = ["link"]', "leads out of its source tree"),
        ('requires = ["--help"]', "--help"),
        ('requires = "x"', "no list `requires`"),
        ("", "no list `requires`"),
        ("requires = []\nbuild-backend = 3", "wrong type"),
    ],
)
def test_a_build_system_that_cannot_be_used_is_refused(tmp_path: Path, table: str, words: str) -> None:
    tree = _tree(tmp_path / "a", "", table)
    (tree / "link").symlink_to(tmp_path)

    with pytest.raises(ValueError, match=re.escape(words)):
        read_build_system(tree)


def test_a_folder_that_is_no_project_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="neither a"):
        read_build_system(tmp_path)

from __future__ import annotations

import hashlib
import json
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.core.commands.installing import installed, require, run_python, site_packages

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex


@pytest.fixture
def project(equipped: Path) -> Path:
    return equipped


def package(project: Path, *requirements: str, more: str = "", version: str = "1.0") -> None:
    require(project, *requirements, more=more, version=version, package=True)
    (project / "src" / "here").mkdir(parents=True, exist_ok=True)
    (project / "src" / "here" / "__init__.py").write_text("def main():\n    print('from here')\n", "utf-8")


def fingerprint(folder: Path) -> dict[str, str]:
    """Everything below a folder: kinds, modes and contents."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.lstat()
        if path.is_symlink():
            what = str(path.readlink())
        elif path.is_dir():
            what = "folder"
        else:
            what = hashlib.sha256(path.read_bytes()).hexdigest()
        found[path.relative_to(folder).as_posix()] = f"{status.st_mode:o} {what}"
    return found


def test_what_is_locked_is_put_in_and_can_be_imported(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve(
        "a", "1.0", requires=["b"], scripts={"tool": "a:main"}, files={"a/__init__.py": "def main(): print(5)\n"}
    )
    index.serve("b", "2.0")
    require(project, "a")
    assert 0 == chapbook("lock").status

    outcome = chapbook("install")

    assert 0 == outcome.status, outcome.err
    assert "+ b 2.0\n+ a 1.0\nChanged 2 packages\n" == outcome.out
    assert "2.0" == run_python(project, "import a, b; print(b.__version__)")
    ended = subprocess.run([project / ".venv" / "bin" / "tool"], capture_output=True, text=True, check=True)
    assert "5\n" == ended.stdout
    information = site_packages(project) / "a-1.0.dist-info"
    assert "chapbook\n" == (information / "INSTALLER").read_text()
    assert (information / "REQUESTED").exists()
    assert not (site_packages(project) / "b-2.0.dist-info" / "REQUESTED").exists()
    assert ["state.json"] == [path.name for path in (project / ".venv" / ".chapbook").iterdir()]


def test_without_a_lock_one_is_made_together_with_the_environment(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    outcome = chapbook("install", "--dry-run")
    assert "+ a 1.0" in outcome.out
    assert not (project / ".venv").exists()
    assert not (project / "poetry.lock").exists()
    assert 0 == chapbook("install").status
    assert 'name = "a"' in (project / "poetry.lock").read_text()
    assert ["a 1.0"] == installed(project)


def test_that_a_lock_of_nothing_was_made_is_told(project: Path, chapbook: Chapbook) -> None:
    require(project)
    nothing = "Nothing to do: 0 packages are installed\n"
    assert f"{nothing}note: would write poetry.lock, because there is none\n" == chapbook("install", "--dry-run").out
    assert f"{nothing}note: wrote poetry.lock, because there was none\n" == chapbook("install").out
    assert nothing == chapbook("install").out


def test_a_stale_lock_is_refused(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("lock")
    require(project, "a", "b")
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert "does not belong to this pyproject.toml" in outcome.err
    assert "chapbook lock" in outcome.err
    assert not (project / ".venv").exists()


def test_install_leaves_what_nobody_wants_and_sync_takes_it_out(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("a", "1.0")
    index.serve("b", "1.0", files={"b/__init__.py": "", "b/data/x.txt": "x", "b_more.py": ""}, scripts={"b": "b:main"})
    require(project, "a", "b")
    chapbook("install")
    run_python(project, "import b, b_more")
    require(project, "a")
    chapbook("lock")
    assert "Nothing to do: 1 package is installed\n" == chapbook("install").out
    assert ["a 1.0", "b 1.0"] == installed(project)
    assert "- b 1.0\nWould change 1 package; 1 package is as before\n" == chapbook("sync", "--dry-run").out
    assert "- b 1.0\nChanged 1 package; 1 package is as before\n" == chapbook("sync").out
    assert ["a 1.0"] == installed(project)
    assert not [path for path in site_packages(project).iterdir() if path.name.startswith("b")]
    assert not (project / ".venv" / "bin" / "b").exists()
    assert not list((site_packages(project) / "__pycache__").glob("b_more*"))


def test_sync_leaves_pip_alone(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("pip", "1.0")
    index.serve("a", "1.0")
    require(project, "pip")
    chapbook("install")
    require(project, "a")
    chapbook("lock")
    assert "+ a 1.0" in chapbook("sync").out
    assert ["a 1.0", "pip 1.0"] == installed(project)


def test_another_version_takes_the_place_of_the_old_one(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", files={"a/__init__.py": "", "a/old.py": "", "shared/one.py": ""})
    index.serve("a", "2.0", files={"a/__init__.py": "new = 1\n", "a/new.py": "", "shared/one.py": "2"})
    index.serve("b", "1.0", files={"shared/two.py": ""})
    require(project, "a==1.0", "b")
    chapbook("install")
    run_python(project, "import a.old, shared.one, shared.two")
    require(project, "a==2.0", "b")
    chapbook("lock")
    assert "~ a 1.0 -> 2.0\nChanged 1 package; 1 package is as before\n" == chapbook("install").out
    assert "a.new" == run_python(project, "import a.new, shared.one, shared.two; print(a.new.__name__)")
    assert not (site_packages(project) / "a" / "old.py").exists()
    assert ["a 2.0", "b 1.0"] == installed(project)
    require(project, "a==1.0", "b")
    chapbook("lock")
    assert "a 2.0 -> 1.0" in chapbook("install").out


def test_two_packages_with_one_file_are_refused_by_name(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0", files={"common.py": "a = 1\n"})
    index.serve("b", "1.0", files={"common.py": "b = 1\n"})
    index.serve("c", "1.0")
    require(project, "c")
    chapbook("install")
    before = fingerprint(project / ".venv")
    require(project, "a", "b", "c")
    chapbook("lock")
    outcome = chapbook("install")
    assert 1 == outcome.status
    assert "common.py" in outcome.err
    assert "a and b" in outcome.err or "b and a" in outcome.err
    assert before == fingerprint(project / ".venv")


def test_a_bad_wheel_leaves_everything_as_before(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    index.serve("good", "1.0")
    index.serve("bad", "1.0", record_text="bad/__init__.py,sha256=AAAA,3\n")
    require(project, "a")
    chapbook("install")
    before = fingerprint(project / ".venv")
    require(project, "a", "bad", "good")
    chapbook("lock")
    for _ in range(2):
        outcome = chapbook("install")
        assert 1 == outcome.status
        assert "bad-1.0-py3-none-any.whl" in outcome.err
        assert before == fingerprint(project / ".venv")


def test_what_an_index_has_changed_since_is_refused(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("lock")
    lock = project / "poetry.lock"
    digest = lock.read_text().partition('hash = "sha256:')[2][:64]
    lock.write_text(lock.read_text().replace(digest, "0" * 64))
    outcome = chapbook("install", "--no-cache")
    assert 1 == outcome.status
    told = f"the lock has sha256:{'0' * 64}, the index sha256:{digest}"
    assert f"`a-1.0-py3-none-any.whl` of `a` 1.0 is not what was locked: {told}\n" in outcome.err
    assert not (project / ".venv").exists()
    assert "~ a 1.0 (other content under the same file name)\n" in chapbook("lock").out
    assert 0 == chapbook("install", "--no-cache").status


def test_groups_and_extras_choose_what_is_put_in(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    for name in ("a", "dev", "docs", "plot"):
        index.serve(name, "1.0")
    more = (
        '\n[project.optional-dependencies]\nplots = ["plot"]\n\n[dependency-groups]\ntest = ["dev"]\nguide = ["docs"]\n'
    )
    require(project, "a", more=more, tool="\n[tool.poetry.group.guide]\noptional = true\n")
    chapbook("lock")
    for words, names in (
        ([], ["a", "dev"]),
        (["--only", "main"], ["a"]),
        (["--with", "guide", "-E", "plots"], ["a", "dev", "docs", "plot"]),
        (["--without", "test", "--all-extras"], ["a", "plot"]),
        (["--all-groups"], ["a", "dev", "docs"]),
    ):
        outcome = chapbook("sync", *words)
        assert 0 == outcome.status, outcome.err
        assert [f"{name} 1.0" for name in names] == installed(project)
    assert "the project has no group `nothing`" in chapbook("install", "--with", "nothing").err
    assert 2 == chapbook("install", "--only-root", "--no-root").status
    assert 2 == chapbook("install", "--all-groups", "--only", "main").status


def test_the_project_itself_is_put_in_as_it_is(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    package(project, "a", more='\n[project.scripts]\nhello = "here:main"\n')
    assert "+ a 1.0\n+ here 1.0 (this project)\nChanged 2 packages\n" == chapbook("install").out.partition("note:")[0]
    ended = subprocess.run([project / ".venv" / "bin" / "hello"], capture_output=True, text=True, check=True)
    assert "from here\n" == ended.stdout
    assert "1.0" == run_python(project, "from importlib.metadata import version; print(version('here'))")
    assert "Nothing to do: 2 packages are installed\n" == chapbook("install").out
    assert "Nothing to do: 1 package is installed\n" == chapbook("sync", "--no-root").out
    assert ["a 1.0", "here 1.0"] == installed(project)
    package(project, "a", version="2.0", more='\n[project.scripts]\nbye = "here:main"\n')
    chapbook("lock")
    assert "~ here 1.0 -> 2.0 (this project)" in chapbook("install").out
    assert not (project / ".venv" / "bin" / "hello").exists()
    assert (project / ".venv" / "bin" / "bye").exists()


def test_the_project_can_be_put_in_alone_or_left_out(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    package(project, "a")
    chapbook("install", "--only-root")
    assert ["here 1.0"] == installed(project)
    (project / ".venv").rename(project / "aside")
    chapbook("install", "--no-root")
    assert ["a 1.0"] == installed(project)


def test_a_folder_is_put_in_as_it_is_or_left_out(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    library = project / "library"
    (library / "lib").mkdir(parents=True)
    (library / "lib" / "__init__.py").write_text("answer = 42\n")
    (library / "pyproject.toml").write_text('[project]\nname = "lib"\nversion = "3"\ndependencies = ["a"]\n')
    require(project, tool='\n[tool.poetry.dependencies]\nlib = {path = "library", develop = true}\n')
    assert 0 == chapbook("lock").status
    assert 0 == chapbook("install", "--no-directory").status
    assert ["a 1.0"] == installed(project)
    outcome = chapbook("install")
    assert "+ lib 3" in outcome.out, outcome.err
    assert "42" == run_python(project, "import lib; print(lib.answer)")
    assert "Nothing to do: 2 packages are installed\n" == chapbook("sync").out


def test_programs_read_the_result_as_json(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    found = json.loads(chapbook("install", "--format", "json").out)
    assert found["done"] is True
    assert [{"kind": "add", "name": "a", "before": "", "after": "1.0", "note": ""}] == found["changes"]
    again = json.loads(chapbook("install", "--format", "json").out)
    assert ([], 1) == (again["changes"], again["unchanged"])


def test_modules_are_compiled_when_asked_for(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("install", "--compile")
    compiled = site_packages(project) / "a" / "__pycache__"
    assert list(compiled.glob("*.pyc"))
    for file in compiled.iterdir():
        file.unlink()
    assert "Nothing to do: 1 package is installed\n" == chapbook("install", "--compile").out
    assert list(compiled.glob("*.pyc"))
    require(project)
    chapbook("lock")
    chapbook("sync")
    assert not (site_packages(project) / "a").exists()


@pytest.mark.parametrize(("version", "is_told"), [("2.1", False), ("2.0", False), ("2.9", True)])
def test_a_lock_of_a_later_format_is_read_with_a_warning(
    project: Path, index: FakeIndex, chapbook: Chapbook, version: str, is_told: bool
) -> None:
    index.serve("a", "1.0")
    require(project, "a")
    chapbook("lock")
    lock = project / "poetry.lock"
    lock.write_text(lock.read_text().replace('lock-version = "2.1"', f'lock-version = "{version}"'))
    warning = "poetry.lock has the format 2.9, of which Chapbook may not understand everything"
    for words in (["install"], ["status"], ["lock"]):
        outcome = chapbook(*words)
        assert 0 == outcome.status, outcome.err
        assert int(is_told) == outcome.err.count(warning), words
    assert ["a 1.0"] == installed(project)
    assert warning not in chapbook("install").err

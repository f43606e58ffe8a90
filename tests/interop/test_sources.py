"""Real backends build what we put in, and pip and uv see it as what it is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.fakes.index import FakeIndex
from tests.fakes.index.sdist import pack
from tests.fakes.repacked import carried_setuptools, repacked

if TYPE_CHECKING:
    from pathlib import Path

UV = shutil.which(os.environ.get("CHAPBOOK_TEST_UV", "uv"))
needs_uv = pytest.mark.skipif(UV is None, reason="needs uv: put it on PATH or name it in CHAPBOOK_TEST_UV")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
RUNNING = f"{sys.version_info[0]}.{sys.version_info[1]}"
SYSTEMS = {
    "setuptools": '[build-system]\nrequires = ["setuptools>=64"]\nbuild-backend = "setuptools.build_meta"\n',
    "hatchling": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n',
    "poetry-core": '[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n',
    "flit-core": '[build-system]\nrequires = ["flit_core>=3.4"]\nbuild-backend = "flit_core.buildapi"\n',
}


@pytest.fixture(scope="module")
def backends(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("backends")


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture
def project(tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHAPBOOK_CACHE_DIR", str(cache))
    monkeypatch.setenv("HOME", str(tmp_path))
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def provide(backend: str, folder: Path) -> None:
    if any(folder.glob(f"{backend.replace('-', '_')}-*")):
        return
    match backend:
        case "setuptools":
            carried_setuptools(folder)
        case "hatchling":
            for name in ("hatchling", "packaging", "pathspec", "pluggy", "tomlkit", "trove-classifiers"):
                repacked(name, folder)
        case _:
            repacked(backend, folder)


def package(folder: Path, system: str, *, name: str = "lib", version: str = "1.5") -> Path:
    folder.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        f'[project]\nname = "{name}"\nversion = "{version}"\ndescription = "A library"\n'
        f'[project.scripts]\n{name}-tool = "{name}:main"\n{system}'
    )
    (folder / f"{name}.py").write_text('"""A library."""\nVALUE = 1\n\n\ndef main():\n    print(VALUE)\n')
    return folder


def require(project: Path, *requirements: str, tool: str = "") -> None:
    listed = "".join(f"    {requirement!r},\n" for requirement in requirements)
    (project / "pyproject.toml").write_text(
        f'[project]\nname = "here"\nversion = "1"\nrequires-python = ">={RUNNING}"\ndependencies = [\n{listed}]\n'
        f"[tool.poetry]\npackage-mode = false\n{tool}"
    )


def run(words: list[str], folder: Path) -> str:
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert 0 == done.returncode, f"{words}: {done.stdout}\n{done.stderr}"
    return done.stdout


def put_in(project: Path, backends: Path) -> None:
    with FakeIndex() as index:
        for wheel in backends.iterdir():
            index.add_file(wheel.name.partition("-")[0], wheel.name, wheel.read_bytes())
        for words in (["lock"], ["install"]):
            environment = {**os.environ, "PIP_INDEX_URL": index.url}
            command = [sys.executable, "-m", "chapbook_core.cli", *words]
            done = subprocess.run(command, cwd=project, capture_output=True, text=True, check=False, env=environment)
            assert 0 == done.returncode, f"{done.stdout}\n{done.stderr}"


def frozen(project: Path) -> list[str]:
    python = str(project / ".venv" / "bin" / "python")
    assert "No broken requirements" in run([sys.executable, "-m", "pip", "--python", python, "check"], project)
    return run([sys.executable, "-m", "pip", "--python", python, "freeze", "--all"], project).splitlines()


def listed(project: Path) -> list[dict[str, str]]:
    python = str(project / ".venv" / "bin" / "python")
    run([str(UV), "pip", "check", "--python", python], project)
    found: list[dict[str, str]] = json.loads(
        run([str(UV), "pip", "list", "--format", "json", "--python", python], project)
    )
    return found


def value(project: Path) -> str:
    return run([str(project / ".venv" / "bin" / "lib-tool")], project).strip()


@pytest.mark.parametrize("backend", SYSTEMS)
def test_a_folder_is_built_by_a_real_backend(project: Path, backends: Path, backend: str) -> None:
    provide(backend, backends)
    folder = package(project / "lib", SYSTEMS[backend])
    before = sorted(path.name for path in folder.iterdir())
    require(project, "lib @ file:lib")

    put_in(project, backends)

    assert "1" == value(project)
    assert [f"lib @ {folder.as_uri()}"] == frozen(project)
    assert before == sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("backend", SYSTEMS)
def test_a_folder_is_made_editable_by_a_real_backend(project: Path, backends: Path, backend: str) -> None:
    provide(backend, backends)
    folder = package(project / "lib", SYSTEMS[backend])
    require(project, "lib", tool='\n[tool.poetry.dependencies]\nlib = { path = "lib", develop = true }\n')
    put_in(project, backends)

    file = folder / "lib.py"
    file.write_text(file.read_text().replace("VALUE = 1", "VALUE = 2"))

    assert "2" == value(project)
    assert f"-e {folder}" in "\n".join(frozen(project))


@needs_uv
@pytest.mark.parametrize("is_editable", [False, True])
def test_uv_sees_what_is_editable(project: Path, backends: Path, *, is_editable: bool) -> None:
    provide("setuptools", backends)
    folder = package(project / "lib", SYSTEMS["setuptools"])
    flag = str(is_editable).lower()
    require(project, "lib", tool=f'\n[tool.poetry.dependencies]\nlib = {{ path = "lib", develop = {flag} }}\n')

    put_in(project, backends)

    place = {"editable_project_location": str(folder)} if is_editable else {}
    assert [{"name": "lib", "version": "1.5", **place}] == listed(project)


@needs_git
def test_a_repository_is_frozen_as_its_commit(project: Path, backends: Path, tmp_path: Path) -> None:
    provide("setuptools", backends)
    top = package(tmp_path / "origin", SYSTEMS["setuptools"])
    for words in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "x"]):
        run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *words], top)
    commit = run(["git", "rev-parse", "HEAD"], top).strip()
    require(project, f"lib @ git+file://{top}")

    put_in(project, backends)

    assert [f"lib @ git+file://{top}@{commit}"] == frozen(project)


def test_an_old_archive_with_a_setup_script_alone_is_built(project: Path, backends: Path) -> None:
    provide("setuptools", backends)
    script = (
        "import sys\nfrom setuptools import setup\nprint('garbage')\n"
        "points = {'console_scripts': ['lib-tool = lib:main']}\n"
        "setup(name='lib', version='1.5', py_modules=['lib'], entry_points=points)\n"
    )
    members = {"lib-1.5/setup.py": script.encode(), "lib-1.5/lib.py": b"VALUE = 7\ndef main(): print(VALUE)\n"}
    file = project / "lib-1.5.tar.gz"
    file.write_bytes(pack(members))
    require(project, "lib @ file:lib-1.5.tar.gz")

    put_in(project, backends)

    assert "7" == value(project)
    assert frozen(project)[0].startswith(f"lib @ {file.as_uri()}")


def test_a_project_without_an_editable_hook_of_its_own_uses_that_of_setuptools(project: Path, backends: Path) -> None:
    provide("setuptools", backends)
    folder = project / "lib"
    folder.mkdir()
    (folder / "setup.py").write_text(
        "from setuptools import setup\nsetup(name='lib', version='1', py_modules=['lib'])\n"
    )
    (folder / "lib.py").write_text("VALUE = 4\n")
    require(project, "lib", tool='\n[tool.poetry.dependencies]\nlib = { path = "lib", develop = true }\n')

    put_in(project, backends)

    python = str(project / ".venv" / "bin" / "python")
    assert f"{folder / 'lib.py'}\n" == run([python, "-I", "-c", "import lib; print(lib.__file__)"], project)


def test_setuptools_is_made_ready_once(project: Path, backends: Path, cache: Path) -> None:
    provide("setuptools", backends)
    for name in ("one", "two", "three"):
        package(project / name, SYSTEMS["setuptools"], name=name)
    require(project, *(f"{name} @ file:{name}" for name in ("one", "two", "three")))
    before = {path.stat().st_ino for path in (cache / "build-environments").glob("*/intact")}

    put_in(project, backends)

    after = {path.stat().st_ino for path in (cache / "build-environments").glob("*/intact")}
    assert len(after - before) <= 1
    assert 3 == len(frozen(project))


@pytest.mark.parametrize("is_editable", [False, True])
def test_a_project_of_our_own_backend_needs_no_index(project: Path, backends: Path, *, is_editable: bool) -> None:
    system = '[build-system]\nrequires = ["chapbook"]\nbuild-backend = "chapbook_core.builder.backend"\n'
    package(project / "lib", system)
    flag = str(is_editable).lower()
    require(project, "lib", tool=f'\n[tool.poetry.dependencies]\nlib = {{ path = "lib", develop = {flag} }}\n')

    put_in(project, backends)

    assert "1" == value(project)
    assert is_editable == frozen(project)[0].startswith(("-e", "# Editable"))

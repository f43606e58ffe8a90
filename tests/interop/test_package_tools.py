"""What the tools of others say of our distributions: twine, check-wheel-contents, pip, and other Pythons."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import packaging
import pytest

from tests.interop.package_projects import BACKEND, PROJECTS

CORE = Path(__file__).parents[2] / "core"
PYTHONS = sorted(Path("~/.pyenv/versions").expanduser().glob("3.1[1-9]*/bin/python"))
OURS = '[build-system]\nrequires = ["chapbook"]\nbuild-backend = "chapbook_core.builder.backend"\n'
CHECKED = [
    "legacy with everything",
    "standard with everything",
    "source folder",
    "legacy scripts",
    "extras",
    "unicode",
    "import names",
]
BUILD = (
    "import chapbook_core.builder.backend as backend\n"
    "print(backend.build_wheel('{out}'), backend.build_sdist('{out}'), backend.build_editable('{out}/editable'))\n"
)
ENVIRONMENT = {
    **{name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "PYTHON"))},
    "PYTHONPATH": os.pathsep.join([str(CORE), str(Path(packaging.__file__).parents[1])]),
    "PYTHONDONTWRITEBYTECODE": "1",
}


def written(name: str, folder: Path) -> Path:
    folder.mkdir(parents=True)
    PROJECTS[name].write(folder)
    file = folder / "pyproject.toml"
    file.write_text(file.read_text("utf-8").replace(BACKEND, OURS), "utf-8")
    return folder


def built(project: Path, out: Path, python: str | Path = sys.executable, **variables: str) -> Path:
    words = [str(python), "-c", BUILD.format(out=out)]
    subprocess.run(words, cwd=project, env=ENVIRONMENT | variables, check=True, capture_output=True)
    return out


def module(name: str, *words: str) -> subprocess.CompletedProcess[str]:
    if importlib.util.find_spec(name) is None:
        pytest.skip(f"needs {name}")
    return subprocess.run([sys.executable, "-m", name, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("name", CHECKED)
def test_twine_and_check_wheel_contents_find_nothing_wrong(name: str, tmp_path: Path) -> None:
    out = built(written(name, tmp_path / "project"), tmp_path / "out")
    archives = [str(path) for path in out.iterdir() if path.is_file()]
    checked = module("twine", "check", *([] if "readme" not in PROJECTS[name].manifest else ["--strict"]), *archives)
    assert checked.returncode == 0, checked.stdout
    # Unlike modules, empty ones and odd names are what these projects are about.
    looked = module("check_wheel_contents", "--ignore", "W004,W005,W009", *[p for p in archives if p.endswith(".whl")])
    assert looked.returncode == 0, looked.stdout


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("environment") / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    return folder


@pytest.mark.parametrize("kind", ["wheel", "sdist", "editable"])
def test_pip_installs_what_was_built(kind: str, environment: Path, tmp_path: Path) -> None:
    project = written("legacy scripts", tmp_path / "project")
    (project / "share").mkdir()
    (project / "share" / "kernel.json").write_text("{}", "utf-8")
    table = '[tool.chapbook.data]\n"share/jupyter/kernels/some" = "share/kernel.json"\n'
    with (project / "pyproject.toml").open("a", encoding="utf-8") as stream:
        stream.write(table)
    words = (
        [str(project)]
        if kind == "editable"
        else [str(next(built(project, tmp_path / "out").glob("*.whl" if kind == "wheel" else "*.tar.gz")))]
    )
    python = next(
        path for path in (environment / "bin" / "python", environment / "Scripts" / "python.exe") if path.exists()
    )
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    install = [*pip, "install", "--no-index", "--no-build-isolation", "--force-reinstall"]
    done = subprocess.run(
        [*install, *(["--editable"] if kind == "editable" else []), *words],
        env=ENVIRONMENT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    bare = {name: value for name, value in ENVIRONMENT.items() if name != "PYTHONPATH"}
    told = subprocess.run(
        [str(python), "-c", "import some_package.core as c; print(c.__file__, c.x)"],
        env=bare, capture_output=True, text=True, check=True, cwd=tmp_path,
    ).stdout  # fmt: skip
    assert (str(project) in told) == (kind == "editable")
    assert (environment / "share" / "jupyter" / "kernels" / "some" / "kernel.json").is_file()
    assert os.access(python.parent / "run.sh", os.X_OK)


def test_two_folders_and_several_pythons_give_the_same_bytes(tmp_path: Path) -> None:
    pythons = PYTHONS or [Path(sys.executable)]
    for name in ("legacy with everything", "standard with everything", "unicode", "programs"):
        outs = []
        for number, python in enumerate([*pythons, pythons[0]]):
            project = written(name, tmp_path / name / str(number) / "here")
            for path in project.rglob("*"):
                os.utime(path, (1e9 + number, 1e9 + number))
                path.chmod(path.stat().st_mode & (0o700 if number % 2 else 0o777))
            outs.append(built(project, tmp_path / name / f"out{number}", python, SOURCE_DATE_EPOCH="1700000000"))
        contents = [{path.name: path.read_bytes() for path in out.iterdir() if path.is_file()} for out in outs]
        assert all(content == contents[0] for content in contents)


def test_the_date_is_that_of_source_date_epoch(tmp_path: Path) -> None:
    project = written("legacy", tmp_path / "project")
    out = built(project, tmp_path / "out", SOURCE_DATE_EPOCH="1700000000")
    with zipfile.ZipFile(next(out.glob("*.whl"))) as wheel:
        assert {(2023, 11, 14, 22, 13, 20)} == {info.date_time for info in wheel.infolist()}
    with tarfile.open(next(out.glob("*.tar.gz"))) as sdist:
        assert {1700000000} == {member.mtime for member in sdist}


def test_importing_the_backend_brings_only_the_standard_library_and_packaging() -> None:
    heavy = "{'virtualenv', 'sqlite3', 'http', 'ssl', 'tomlkit', 'argparse', 'email', 'asyncio', 'distlib'}"
    code = (
        "import sys, chapbook_core.builder.backend, chapbook_core.builder.wheel, chapbook_core.builder.sdist\n"
        f"print(sorted({heavy} & {{name.partition('.')[0] for name in sys.modules}}))"
    )
    done = subprocess.run(
        [sys.executable, "-S", "-c", code], env=ENVIRONMENT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

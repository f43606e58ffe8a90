from __future__ import annotations

import errno
import json
import os
import stat
import sys
import tomllib
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest
from poetry.core.factory import Factory

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MINOR = f"{sys.version_info.major}.{sys.version_info.minor}"
NEXT_MINOR = f"{sys.version_info.major}.{sys.version_info.minor + 1}"
not_root = pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="permissions do not bind root")


def files(folder: Path) -> list[str]:
    paths = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return [path for path in paths if not path.startswith(".chapbook/")]


def read(folder: Path) -> dict[str, Any]:
    return tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))


def poetry_accepts(folder: Path) -> bool:
    found = Factory.validate(read(folder), strict=True)
    return found == {"errors": [], "warnings": []}


def test_a_package_stands_below_src(chapbook: Callable[..., Any], folder: Path) -> None:
    outcome = chapbook("new", "My_Lib")
    assert (outcome.status, outcome.out, outcome.err) == (0, "Made my-lib, a package, in `My_Lib`\n", "")
    made = folder / "My_Lib"
    assert files(made) == ["README.md", "pyproject.toml", "src/my_lib/__init__.py", "tests/__init__.py"]
    assert read(made) == {
        "project": {
            "name": "my-lib",
            "version": "0.1.0",
            "description": "",
            "readme": "README.md",
            "requires-python": f">={MINOR}",
            "dependencies": [],
        },
        "tool": {"poetry": {"packages": [{"include": "my_lib", "from": "src"}]}},
        "build-system": {"requires": ["poetry-core>=2.0.0,<3.0.0"], "build-backend": "poetry.core.masonry.api"},
    }
    assert poetry_accepts(made)
    assert chapbook("-C", "My_Lib", "check", "--strict").status == 0


@pytest.mark.parametrize("words", [("--src",), ("--flat",), ("--notebook-package",)])
def test_a_module_that_python_has_itself_is_told_of_while_it_is_empty(
    chapbook: Callable[..., Any], folder: Path, words: tuple[str, ...]
) -> None:
    warning = "warning: Python has a module `json` of its own, and imports that one\n"
    assert warning in chapbook("new", "json", *words).err
    assert (folder / "json" / "pyproject.toml").is_file()
    told = chapbook("-C", "json", "check").err
    assert ("Python has a module `json` of its own" in told) is ("--notebook-package" not in words)
    assert chapbook("new", "other/json", "--name", "my-json", *words).err == ""
    assert chapbook("new", "notes/json", "--notebook").err == ""


def test_a_flat_package_needs_no_word_about_where_it_is(chapbook: Callable[..., Any], folder: Path) -> None:
    assert chapbook("new", "lib", "--flat", "--readme", "rst").status == 0
    assert files(folder / "lib") == ["README.rst", "lib/__init__.py", "pyproject.toml", "tests/__init__.py"]
    assert "tool" not in read(folder / "lib")
    assert poetry_accepts(folder / "lib")


@pytest.mark.parametrize(
    ("words", "package", "include"),
    [
        ("a.b --flat", "a/b", [{"include": "a"}]),
        ("a.b --src", "src/a/b", [{"include": "a", "from": "src"}]),
        ("Ab-C --flat", "ab_c", None),
        ("class --flat", "_class", [{"include": "_class"}]),
        ("3d-plots --flat", "_3d_plots", [{"include": "_3d_plots"}]),
    ],
)
def test_the_package_can_be_imported(
    chapbook: Callable[..., Any], folder: Path, words: str, package: str, include: object
) -> None:
    assert chapbook("new", "x", "--name", *words.split()).status == 0
    assert f"{package}/__init__.py" in files(folder / "x")
    assert read(folder / "x").get("tool", {}).get("poetry", {}).get("packages") == include
    assert chapbook("-C", "x", "check", "--strict").err == ""


def test_a_notebook_project_has_a_notebook_and_one_python(chapbook: Callable[..., Any], folder: Path) -> None:
    outcome = chapbook("new", "Datén sehen", "--notebook")
    assert outcome.out == (
        "Made daten-sehen, a project of notebooks, in `Datén sehen`\nopen `Datén sehen/daten-sehen.ipynb` to start\n"
    )
    made = folder / "Datén sehen"
    assert files(made) == ["README.md", "daten-sehen.ipynb", "pyproject.toml"]
    data = read(made)
    assert data["project"]["requires-python"] == f">={MINOR},<{NEXT_MINOR}"
    assert data["tool"] == {"poetry": {"package-mode": False}}
    assert "build-system" not in data
    assert poetry_accepts(made)
    assert chapbook("-C", "Datén sehen", "check", "--strict", "-v").out == "All is well\n"


def test_the_first_notebook_is_valid_and_asks_for_the_kernel_of_the_project(
    chapbook: Callable[..., Any], folder: Path
) -> None:
    chapbook("new", "n", "--notebook")
    notebook = json.loads((folder / "n" / "n.ipynb").read_text(encoding="utf-8"))
    assert (notebook["nbformat"], notebook["nbformat_minor"]) == (4, 5)
    assert notebook["metadata"]["kernelspec"]["name"] == "chapbook"
    identifiers = [cell["id"] for cell in notebook["cells"]]
    assert len(set(identifiers)) == len(identifiers) == 2
    for cell in notebook["cells"]:
        expected = {"cell_type", "id", "metadata", "source"}
        expected |= {"execution_count", "outputs"} if cell["cell_type"] == "code" else set()
        assert set(cell) == expected


def test_a_package_made_of_notebooks_has_a_module_and_its_test_in_a_notebook(
    chapbook: Callable[..., Any], folder: Path
) -> None:
    outcome = chapbook("new", "My-Lib", "--notebook-package")
    assert outcome.out == (
        "Made my-lib, a package made of notebooks, in `My-Lib`\nopen `My-Lib/notebooks/core.ipynb` to start\n"
    )
    made = folder / "My-Lib"
    assert files(made) == ["README.md", "notebooks/core.ipynb", "pyproject.toml"]
    data = read(made)
    assert data["project"]["requires-python"] == f">={MINOR}"
    assert data["tool"] == {"chapbook": {"export": {"folder": "notebooks"}}}
    assert data["build-system"]["build-backend"] == "chapbook_core.builder.backend"
    assert chapbook("-C", "My-Lib", "check", "--strict").status == 0
    cells = json.loads((made / "notebooks" / "core.ipynb").read_text(encoding="utf-8"))["cells"]
    assert [cell["metadata"] for cell in cells] == [{}, {}, {}, {"tags": ["test"]}]


def test_a_package_made_of_notebooks_can_be_built(chapbook: Callable[..., Any], folder: Path) -> None:
    chapbook("new", "x", "--name", "a.b", "--notebook-package")
    assert chapbook("-C", "x", "build", "--wheel").err == ""
    (wheel,) = (folder / "x" / "dist").iterdir()
    with ZipFile(wheel) as archive:
        assert {"a/b/__init__.py", "a/b/core.py"} <= set(archive.namelist())
        scope: dict[str, Any] = {}
        exec(archive.read("a/b/core.py"), scope)
    assert scope["greeting"]("Ada") == "Hello, Ada!"


@pytest.mark.parametrize("other", ["--src", "--flat", "--notebook", "--no-notebook"])
def test_a_package_made_of_notebooks_has_its_own_layout(chapbook: Callable[..., Any], other: str) -> None:
    assert chapbook("new", "x", "--notebook-package", other).status == 2


def test_where_notebooks_are_the_new_project_is_one_of_notebooks(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "old.ipynb").write_text("{}", encoding="utf-8")
    chapbook("new", "a")
    chapbook("new", "b", "--no-notebook")
    chapbook("new", "c", "--src")
    assert "a/a.ipynb" in files(folder)
    assert [read(folder / name)["tool"]["poetry"].get("package-mode", True) for name in "abc"] == [False, True, True]
    assert not {"b/b.ipynb", "c/c.ipynb"} & set(files(folder))


def test_a_package_can_have_a_first_notebook_too(chapbook: Callable[..., Any], folder: Path) -> None:
    chapbook("new", "a", "--src", "--notebook")
    assert {"a.ipynb", "src/a/__init__.py"} <= set(files(folder / "a"))
    assert "build-system" in read(folder / "a")


def test_everything_that_is_said_is_written(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "local-lib").mkdir()
    outcome = chapbook(
        *("new", "x", "--description", 'a "good"\nthing', "--author", "Ada <ada@example.org>", "--license", "mit"),
        *("--python", "^3.11", "--dependency", "pandas@^2.2", "--dependency", "Requests[socks]>=2"),
        *("--dependency", "./local-lib", "--dev-dependency", "pytest"),
    )
    assert outcome.err == ""
    data = read(folder / "x")
    assert data["project"]["description"] == 'a "good" thing'
    assert data["project"]["authors"] == [{"name": "Ada", "email": "ada@example.org"}]
    assert data["project"]["license"] == "MIT"
    assert data["project"]["requires-python"] == ">=3.11,<4.0"
    assert data["project"]["dependencies"] == ["pandas (>=2.2,<3.0)", "Requests[socks] (>=2)", "local-lib"]
    assert data["tool"]["poetry"]["dependencies"] == {"local-lib": {"path": "../local-lib"}}
    assert data["dependency-groups"] == {"dev": ["pytest"]}


def test_the_author_is_gits_user(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder.parent / "home" / ".gitconfig").write_text(
        "[user]\n\tname = Åsa Ek\n\temail = asa@example.org\n", encoding="utf-8"
    )
    chapbook("new", "x")
    assert read(folder / "x")["project"]["authors"] == [{"name": "Åsa Ek", "email": "asa@example.org"}]


def test_nobody_is_author_where_git_is_not(
    chapbook: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(folder))
    assert chapbook("new", "x").status == 0
    assert "authors" not in read(folder / "x")


def test_all_wrong_values_are_told_at_once_and_nothing_is_made(chapbook: Callable[..., Any], folder: Path) -> None:
    outcome = chapbook(
        *("new", "x", "--name", "!!", "--author", "<", "--license", "free", "--python", "3..x"),
        *("--dependency", "a b", "--dev-dependency", ""),
    )
    assert (outcome.status, outcome.out) == (2, "")
    for option in ("name", "author", "license", "python", "dependency", "dev-dependency"):
        assert f"error: `--{option}`: " in outcome.err
    assert "hint: write an author as" in outcome.err
    assert files(folder) == []


def test_a_folder_that_is_not_empty_is_left_alone(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "x").mkdir()
    (folder / "x" / "mine").touch()
    outcome = chapbook("new", "x")
    assert outcome.status == 1
    assert outcome.err.startswith(f"error: `{folder / 'x'}` exists and is not empty\nhint: ")
    assert files(folder) == ["x/mine"]


def test_a_file_is_no_folder(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "x").touch()
    assert "is not a folder" in chapbook("new", "x").err
    assert files(folder) == ["x"]


def test_an_empty_folder_is_filled_and_stays_the_same_folder(chapbook: Callable[..., Any], folder: Path) -> None:
    (folder / "x").mkdir(mode=0o750)
    before = (folder / "x").stat()
    assert chapbook("-C", "x", "new", ".").status == 0
    after = (folder / "x").stat()
    assert (after.st_ino, stat.S_IMODE(after.st_mode)) == (before.st_ino, 0o750)
    assert read(folder / "x")["project"]["name"] == "x"
    assert not [name for name in files(folder) if ".tmp" in name]


def test_folders_above_are_made_too(chapbook: Callable[..., Any], folder: Path) -> None:
    assert chapbook("new", "a/b/c").status == 0
    assert read(folder / "a" / "b" / "c")["project"]["name"] == "c"


@pytest.mark.parametrize("target", ["a/b/c", "empty"])
@pytest.mark.parametrize("failure", [KeyboardInterrupt(), OSError(28, "No space left on device")])
def test_a_failure_halfway_leaves_nothing(
    chapbook: Callable[..., Any],
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    target: str,
    failure: BaseException,
) -> None:
    (folder / "empty").mkdir()
    calls = []

    def fsync(descriptor: int) -> None:
        calls.append(descriptor)
        if len(calls) == 3:
            raise failure

    monkeypatch.setattr("chapbook_core.project.placing.os.fsync", fsync)
    outcome = chapbook("new", target)
    assert outcome.status == (1 if isinstance(failure, OSError) else 130)
    assert outcome.err.startswith("error: ")
    assert "Traceback" not in outcome.err
    assert [path.name for path in folder.rglob("*")] == ["empty"]


def test_a_failure_while_the_files_appear_takes_them_back(
    chapbook: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (folder / "empty").mkdir()
    rename = type(folder).rename

    def fail_late(path: Path, target: Path) -> Path:
        if target.name == "src":
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(type(folder), "rename", fail_late)
    assert chapbook("new", "empty").status == 130
    assert [path.name for path in folder.rglob("*")] == ["empty"]


def test_a_read_only_file_system_is_named_with_a_remedy(
    chapbook: Callable[..., Any], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(path: Path, *_: object, **__: object) -> None:
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    monkeypatch.setattr(type(folder), "mkdir", refuse)
    outcome = chapbook("new", "x")
    assert (outcome.status, outcome.out) == (1, "")
    assert outcome.err == (
        f"error: cannot write `{folder / 'x'}`: Read-only file system; nothing was changed in it\n"
        "hint: that file system is read-only; work in another folder or mount it for writing\n"
    )
    assert files(folder) == []


@not_root
def test_a_read_only_folder_is_named_with_a_remedy(chapbook: Callable[..., Any], folder: Path) -> None:
    folder.chmod(0o500)
    try:
        outcome = chapbook("new", "x")
    finally:
        folder.chmod(0o700)
    assert outcome.status == 1
    assert "error: cannot write" in outcome.err
    assert "hint: give yourself permission to write there" in outcome.err


def test_nobody_is_asked_where_nobody_is(chapbook: Callable[..., Any], folder: Path) -> None:
    outcome = chapbook("new", "x", "-i", "-n")
    assert outcome.status == 2
    assert outcome.err.startswith("error: `--interactive` needs somebody to ask\n")
    assert files(folder) == []

from __future__ import annotations

import shutil
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.requirements.marker import parse_marker
from tests.fakes.index import FakeIndex

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.core.commands.conftest import Chapbook


DATA = Path(__file__).parents[2] / "data" / "imports"


PROJECT = (
    '[project]\nname = "here"\nversion = "1"\nrequires-python = ">=3.11"\n# kept\ndependencies = []\n\n'
    "[tool.poetry]\npackage-mode = false\n"
)


@pytest.fixture(scope="module")
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        for version in ("1.0", "1.2.0", "1.9", "2.0"):
            index.serve("apple", version, requires=["seed"])
        for version in ("2.0", "3.0", "3.5"):
            index.serve("banana", version, extras={"peel": []})
        for version in ("0.5", "0.6"):
            index.serve("cherry", version)
        for version in ("4.0", "4.1"):
            index.serve("date", version)
        for version in ("0.1", "0.2"):
            index.serve("seed", version)
        for version in ("7.1", "7.2"):
            index.serve("grape", version)
        index.serve("needs-new-seed", "1.0", requires=["seed>=0.2"])
        yield index


@pytest.fixture
def project(connected: Path) -> Path:
    (connected / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    return connected


def declared(project: Path) -> dict[str, Any]:
    """Return everything that is required, by where."""
    data = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    found = {"main": data["project"]["dependencies"], **data.get("dependency-groups", {})}
    extras = data["project"].get("optional-dependencies", {})
    return {place: texts for place, texts in found.items() if texts} | {f"[{name}]": extras[name] for name in extras}


def locked(project: Path) -> dict[str, str]:
    packages = tomllib.loads((project / "poetry.lock").read_text("utf-8"))["package"]
    return {package["name"]: package["version"] for package in packages}


def away(project: Path, *names: str) -> list[str]:
    """Copy files into a folder of their own, and return their paths."""
    elsewhere = project.parent / "elsewhere"
    elsewhere.mkdir(exist_ok=True)
    for name in names:
        shutil.copy(DATA / name, elsewhere / name)
    return [str(elsewhere / name) for name in names]


def test_versions_of_a_compiled_file_stay_and_only_what_was_asked_for_is_declared(
    project: Path, chapbook: Chapbook
) -> None:
    outcome = chapbook("import", str(DATA / "pinned.txt"), "--no-lock")
    assert (outcome.status, outcome.err) == (0, "")
    assert declared(project) == {"main": ["apple (>=1.2.0,<2.0.0)", "banana (>=3.0,<4.0)"]}
    assert outcome.out == (
        "Added apple (^1.2.0) to the project\nAdded banana (^3.0) to the project\nAdded the source example-org\n"
    )
    text = (project / "pyproject.toml").read_text("utf-8")
    assert "# kept\n" in text
    assert 'url = "https://example.org/simple"' in text


def test_the_lock_holds_the_versions_of_the_file(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text("apple==1.2.0\nseed==0.1  # via apple\nbanana==2.0\n", encoding="utf-8")
    outcome = chapbook("import", "r.txt")
    assert outcome.status == 0, outcome.err
    assert outcome.out == (
        "Added apple (^1.2.0) to the project\n"
        "Added banana (^2.0) to the project\n"
        "Wrote poetry.lock: 3 packages, 3 of them as in what was imported\n"
    )
    assert locked(project) == {"apple": "1.2.0", "banana": "2.0", "seed": "0.1"}
    assert chapbook("lock", "--check").status == 0


def test_a_version_that_cannot_stay_is_told(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text("seed==0.1  # via apple\napple==1.0\n", encoding="utf-8")
    text = PROJECT.replace("dependencies = []", 'dependencies = ["needs-new-seed"]')
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    outcome = chapbook("import", "r.txt")
    assert outcome.status == 0, outcome.err
    assert outcome.err == "warning: `seed` could not stay at 0.1: 0.2 is locked\n"
    assert locked(project) == {"apple": "1.0", "needs-new-seed": "1.0", "seed": "0.2"}


def test_several_versions_of_one_name_stay_each_in_its_region(project: Path, chapbook: Chapbook) -> None:
    lines = ['banana==2.0 ; python_version < "3.12"', 'banana==3.0 ; python_version >= "3.12"']
    (project / "r.txt").write_text("\n".join(lines), encoding="utf-8")
    outcome = chapbook("import", "r.txt")
    assert outcome.status == 0, outcome.err
    assert declared(project) == {"main": ["banana (>=2.0)"]}
    packages = tomllib.loads((project / "poetry.lock").read_text("utf-8"))["package"]
    python = parse_marker('python_version >= "3.11"')
    assert [(package["version"], parse_marker(package["markers"]) & python) for package in packages] == [
        ("2.0", parse_marker('python_version < "3.12"') & python),
        ("3.0", parse_marker('python_version >= "3.12"')),
    ]


def test_what_a_person_wrote_stays_as_it_is(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("import", str(DATA / "written.txt"), "--no-lock")
    assert outcome.status == 0, outcome.err
    assert declared(project)["main"] == [
        "grape",
        "apple (>=1,<2)",
        'Banana[peel] (>=3.0,<4.0) ; sys_platform == "linux"',
        "cherry (==0.5)",
        "date",
        "elder @ https://example.org/elder-1.0-py3-none-any.whl",
        "fig @ git+https://example.org/fig.git@v2",
    ]
    assert f"note: {DATA / 'written.txt'}:11: `--no-binary` is not taken over\n" in outcome.out
    assert "the constraint `honey (<3)` is not taken over" in outcome.out


def test_all_that_is_wrong_is_told_at_once_and_nothing_is_written(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("import", str(DATA / "broken.txt"), str(DATA / "none.txt"))
    assert (outcome.status, outcome.out) == (1, "")
    lines = [line.removeprefix("error: ") for line in outcome.err.splitlines() if line.startswith("error: ")]
    assert [line.removeprefix(f"{DATA}/").partition(": ")[0] for line in lines] == [
        "broken.txt:2",
        "broken.txt:3",
        "broken.txt:4",
        "broken.txt:5",
        "broken.txt:6",
        "none.txt",
    ]
    assert (project / "pyproject.toml").read_text("utf-8") == PROJECT
    assert not (project / "poetry.lock").exists()


def test_a_trial_shows_everything_and_writes_nothing(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text("apple==1.2.0\n", encoding="utf-8")
    outcome = chapbook("import", "r.txt", "--dry-run")
    assert outcome.out == (
        "Would add apple (^1.2.0) to the project\n"
        "Would write poetry.lock: 2 packages, 1 of them as in what was imported\n"
    )
    assert (project / "pyproject.toml").read_text("utf-8") == PROJECT
    assert not (project / "poetry.lock").exists()


def test_what_cannot_be_solved_changes_nothing(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text("apple>=1\nunknown-fruit\n", encoding="utf-8")
    outcome = chapbook("import", "r.txt")
    assert outcome.status == 1
    assert "unknown-fruit" in outcome.err
    assert "`--no-lock`" in outcome.err
    assert (project / "pyproject.toml").read_text("utf-8") == PROJECT


def test_what_is_required_already_stays_and_its_version_is_kept(project: Path, chapbook: Chapbook) -> None:
    text = PROJECT.replace("dependencies = []", 'dependencies = ["apple>=1"]')
    (project / "pyproject.toml").write_text(text, encoding="utf-8")
    (project / "r.txt").write_text("apple==1.2.0\nseed==0.1\n", encoding="utf-8")
    outcome = chapbook("import", "r.txt")
    assert "`apple` is required already, and stays as it is\n" in outcome.out
    assert declared(project) == {"main": ["apple>=1", "seed (>=0.1,<0.2)"]}
    assert locked(project) == {"apple": "1.2.0", "seed": "0.1"}


def test_a_group_can_be_chosen(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text("apple\n", encoding="utf-8")
    assert chapbook("import", "r.txt", "-G", "dev", "--no-lock").out == "Added apple to the group dev\n"
    assert declared(project) == {"dev": ["apple"]}


def test_what_no_python_of_the_project_needs_is_left_out(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text('apple\nbanana; python_version < "3.8"\n', encoding="utf-8")
    assert "`banana` is left out" in chapbook("import", "r.txt", "--no-lock").out
    assert declared(project) == {"main": ["apple"]}


def test_a_local_folder_is_required_relative_to_the_project(project: Path, chapbook: Chapbook) -> None:
    (project / "libs" / "mine").mkdir(parents=True)
    (project / "deps").mkdir()
    (project / "deps" / "r.txt").write_text("-e ../libs/mine\n", encoding="utf-8")
    outcome = chapbook("import", "deps/r.txt", "--no-lock")
    assert "the name `mine` is guessed" in outcome.out
    data = tomllib.loads((project / "pyproject.toml").read_text("utf-8"))
    assert data["tool"]["poetry"]["dependencies"] == {"mine": {"path": "libs/mine", "develop": True}}


def test_the_project_does_not_require_itself(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text("-e .\n.\napple\n", encoding="utf-8")
    assert chapbook("import", "r.txt", "--no-lock").out == "Added apple to the project\n"
    assert declared(project) == {"main": ["apple"]}


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["apple<2", "apple>=1"], "apple (>=1,<2)"),
        (["apple[x]", "apple[y]>=1"], "apple[x,y] (>=1)"),
        (['apple; python_version<"3.12"', 'apple>=1; python_version>="3.12"'], "apple"),
        (['apple<2; python_full_version<"3.12"', 'apple>=2; python_full_version>="3.12"'], "apple"),
        (['apple<1; sys_platform=="linux"', 'apple>=2; sys_platform=="win32"'], None),
    ],
)
def test_a_package_asked_for_twice_is_required_once(
    project: Path, chapbook: Chapbook, lines: list[str], expected: str | None
) -> None:
    (project / "r.txt").write_text("\n".join(lines), encoding="utf-8")
    outcome = chapbook("import", "r.txt", "--no-lock")
    assert ("in one word" in outcome.out) == ("apple<" in lines[0] and ";" in lines[0])
    assert declared(project)["main"] == [expected or 'apple ; sys_platform == "linux" or sys_platform == "win32"']


def test_a_login_in_an_address_is_not_taken_over(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text("--extra-index-url https://ada:s3cret@example.org/simple\napple\n", encoding="utf-8")
    outcome = chapbook("import", "r.txt", "--no-lock")
    text = (project / "pyproject.toml").read_text("utf-8")
    assert "s3cret" not in outcome.out + outcome.err + text
    assert "the login of https://****@example.org/simple is not taken over" in outcome.out
    assert 'priority = "supplemental"' in text


def test_constraints_only_hold_versions(project: Path, chapbook: Chapbook) -> None:
    (project / "r.txt").write_text("grape\n", encoding="utf-8")
    outcome = chapbook("import", "r.txt", str(DATA / "held.txt"), "--from", "requirements.txt", "--no-lock")
    assert "honey" in outcome.out
    (project / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    shutil.copy(DATA / "held.txt", project / "constraints.txt")
    assert chapbook("import", "r.txt", "constraints.txt").status == 0
    assert declared(project) == {"main": ["grape"]}
    assert locked(project) == {"grape": "7.1"}


def test_a_pipfile_is_taken_over_with_the_versions_of_its_lock(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("import", str(DATA / "Pipfile"), "--no-lock")
    assert outcome.status == 0, outcome.err
    assert declared(project) == {
        "main": [
            "apple (>=1.2.0,<2.0.0)",
            'banana[peel] (>=3) ; sys_platform == "linux"',
            "fig @ git+https://example.org/fig.git@v2",
        ],
        "dev": ["cherry (==0.5)"],
        "docs": ["date"],
    }
    assert "Added the source fruits\n" in outcome.out
    again = chapbook("import", str(DATA / "Pipfile.lock"), "--no-lock")
    assert "There was nothing to add\n" in again.out


def test_a_pipfile_lock_alone_brings_all_that_it_holds(project: Path, chapbook: Chapbook) -> None:
    (file,) = away(project, "Pipfile.lock")
    outcome = chapbook("import", file, "--no-lock")
    assert "so all of them are added" in outcome.out
    assert declared(project) == {
        "main": [
            "apple (>=1.2.0,<2.0.0)",
            'banana[peel] (>=3.0,<4.0) ; sys_platform == "linux"',
            "seed (>=0.1,<0.2)",
        ],
        "dev": ["cherry (>=0.5,<0.6)"],
    }


def test_of_a_conda_environment_what_pip_installs_is_taken(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("import", str(DATA / "environment.yml"))
    assert outcome.status == 0, outcome.err
    assert declared(project) == {"main": ["apple (==1.2.0)", "banana (>=3)", 'cherry ; sys_platform == "win32"']}
    file = DATA / "environment.yml"
    assert f"note: {file}:6: it is for Python 3.11\n" in outcome.out
    assert "numpy=1.26, conda-forge::gdal >=3" in " ".join(outcome.out.split())


def test_a_lock_of_uv_brings_what_its_project_asked_for(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("import", str(DATA / "uv.lock"), "--no-lock")
    assert outcome.status == 0, outcome.err
    assert declared(project) == {
        "main": [
            "apple (>=1)",
            'banana (>=2.0) ; sys_platform == "linux"',
            "fig @ git+https://example.org/fig.git@v2",
        ],
        "dev": ["cherry (>=0.5)"],
        "[jam]": ["cherry (==0.5)"],
    }
    assert "`member` in `packages/member` is a project of its own" in outcome.out
    assert "Added the source example-org\nAdded the source example-org-other\n" in outcome.out


@pytest.mark.parametrize("name", ["pylock.toml", "poetry.lock"])
def test_a_lock_alone_brings_what_nothing_else_in_it_asks_for(project: Path, chapbook: Chapbook, name: str) -> None:
    (file,) = away(project, name)
    outcome = chapbook("import", file)
    assert outcome.status == 0, outcome.err
    assert declared(project) == {
        "main": ["apple (>=1.2.0,<2.0.0)"],
        "dev": ['date (>=4.0,<5.0) ; sys_platform == "win32"'],
        "[jam]": ["cherry (>=0.5,<0.6)"],
    }
    assert locked(project) == {"apple": "1.2.0", "cherry": "0.5", "date": "4.0", "seed": "0.1"}


def test_the_project_beside_a_lock_says_what_was_asked_for(project: Path, chapbook: Chapbook) -> None:
    (file,) = away(project, "poetry.lock")
    Path(file).with_name("pyproject.toml").write_text(
        '[project]\nname = "there"\nversion = "1"\ndependencies = ["apple>=1", "seed"]\n'
        '[project.optional-dependencies]\njam = ["cherry"]\n[dependency-groups]\ntest = ["date<5"]\n',
        encoding="utf-8",
    )
    outcome = chapbook("import", file)
    assert outcome.status == 0, outcome.err
    assert declared(project) == {"main": ["apple (>=1)", "seed"], "test": ["date (<5)"], "[jam]": ["cherry"]}
    assert locked(project) == {"apple": "1.2.0", "cherry": "0.5", "date": "4.0", "seed": "0.1"}


def test_a_notebook_brings_what_its_cells_install(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("import", str(DATA / "cells.ipynb"), "--no-lock")
    assert outcome.status == 0, outcome.err
    assert declared(project) == {
        "main": ["apple (==1.2.0)", "banana (>=3)", "cherry", "grape (==7.1)", "honey (<3)", "date"]
    }
    assert "cell 4, line 1: `conda install gdal` is not taken over" in outcome.out


def test_a_mistake_in_a_cell_has_the_cell_for_its_place(project: Path, chapbook: Chapbook) -> None:
    text = '{"cells": [{"cell_type": "code", "source": "x = 1\\n%pip install \\"apple[\\""}], "nbformat": 4}'
    (project / "n.ipynb").write_text(text, encoding="utf-8")
    outcome = chapbook("import", "n.ipynb")
    assert outcome.status == 1
    assert f"error: {project / 'n.ipynb'}: cell 1, line 2: " in outcome.err


def test_a_script_brings_its_metadata_and_its_cells(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("import", str(DATA / "script.py"), "--no-lock")
    assert declared(project) == {"main": ["apple (<2)", "banana", "cherry (==0.5)"]}
    assert "it is for Python >=3.11" in outcome.out


def test_an_unknown_file_asks_for_its_format(project: Path, chapbook: Chapbook) -> None:
    (project / "letter").write_text("Dear reader, this is a letter.\n", encoding="utf-8")
    outcome = chapbook("import", "letter")
    assert outcome.status == 1
    assert "nothing in `letter` tells what format it is in" in outcome.err
    assert "`--from`" in outcome.err


def test_what_other_pythons_need_does_not_loosen_what_the_projects_do(project: Path, chapbook: Chapbook) -> None:
    lines = ["apple<1.2; python_version < '3.9'", "apple>=1.9; python_version >= '3.9'", "seed; python_version < '3.9'"]
    (project / "needs.txt").write_text("\n".join(lines))
    outcome = chapbook("import", "needs.txt", "--no-lock")
    assert declared(project) == {"main": ["apple (>=1.9)"]}
    assert "more are allowed now" not in outcome.out + outcome.err
    assert "`seed` is left out: no Python of the project needs it" in outcome.out


def test_a_project_of_uv_gets_the_places_that_only_uv_has_read(project: Path, chapbook: Chapbook) -> None:
    (project / "banana").mkdir()
    (project / "banana" / "pyproject.toml").write_text('[project]\nname = "banana"\nversion = "9"\n')
    uvs = '[tool.uv.sources]\nbanana = {path = "banana", editable = true}\n'
    (project / "pyproject.toml").write_text(PROJECT.replace("[]", '["apple", "banana"]', 1) + uvs)
    entries = '{name = "apple"}, {name = "banana", editable = "banana"}'
    (project / "uv.lock").write_text(
        '[[package]]\nname = "apple"\nversion = "1.9"\nsource = {registry = "elsewhere"}\n'
        f'[[package]]\nname = "here"\nsource = {{virtual = "."}}\n[package.metadata]\nrequires-dist = [{entries}]\n'
    )

    outcome = chapbook("import", "uv.lock")

    assert (outcome.status, outcome.err) == (0, "")
    assert "`apple` is required already, and stays as it is" in outcome.out
    assert locked(project)["apple"] == "1.9"
    assert locked(project)["banana"] == "9"
    text = (project / "pyproject.toml").read_text()
    assert 'banana = {path = "banana", develop = true}' in text


def test_cells_of_a_kind_that_is_none_are_passed_over(project: Path, chapbook: Chapbook) -> None:
    cells = (
        '{"cell_type": ["code"], "source": "!pip install seed"}, {"cell_type": "code", "source": "!pip install apple"}'
    )
    (project / "odd.ipynb").write_text(f'{{"cells": [null, {cells}]}}')
    assert chapbook("import", "odd.ipynb", "--no-lock").status == 0
    assert declared(project) == {"main": ["apple"]}


REQUIREMENTS = "apple==1.9 --hash=sha256:{digest}\nseed==0.1\n"
PIPFILE_LOCK = '{{"default": {{"apple": {{"version": "==1.9", "hashes": ["sha256:{digest}"]}}}}}}'
UV_LOCK = (
    '[[package]]\nname = "apple"\nversion = "1.9"\nsource = {{registry = "elsewhere"}}\n'
    'wheels = [{{url = "https://example.org/a.whl", hash = "sha256:{digest}"}}]\n'
)
PDM_LOCK = '[[package]]\nname = "apple"\nversion = "1.9"\nfiles = [{{file = "a.whl", hash = "sha256:{digest}"}}]\n'


@pytest.mark.parametrize(
    "content",
    [
        ("requirements.txt", REQUIREMENTS),
        ("Pipfile.lock", PIPFILE_LOCK),
        ("uv.lock", UV_LOCK),
        ("pdm.lock", PDM_LOCK),
    ],
)
@pytest.mark.parametrize("is_same", [True, False])
def test_files_that_are_others_than_those_whose_hashes_were_imported_are_told_of(
    project: Path, chapbook: Chapbook, index: FakeIndex, content: tuple[str, str], is_same: bool
) -> None:
    name, text = content
    elsewhere = project.parent / "from"
    elsewhere.mkdir(exist_ok=True)
    (file,) = (file for file in index.files("apple") if file.version == "1.9")
    (elsewhere / name).write_text(text.format(digest=file.sha256 if is_same else "0" * 64))
    (project / "pyproject.toml").write_text(PROJECT.replace("[]", '["apple"]', 1))

    outcome = chapbook("import", str(elsewhere / name))

    assert outcome.status == 0, outcome.err
    assert locked(project)["apple"] == "1.9"
    assert ("`apple 1.9` is none of the files whose hashes were imported" in outcome.err) is not is_same

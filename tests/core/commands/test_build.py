from __future__ import annotations

import json
import tarfile
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook

PROJECT = '[project]\nname = "spam"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
POETRY = '[build-system]\nrequires = ["poetry-core>=2"]\nbuild-backend = "poetry.core.masonry.api"\n'
SDIST, WHEEL = "spam-1.0.tar.gz", "spam-1.0-py3-none-any.whl"
FOREIGN = """
import tarfile, zipfile


def build_wheel(folder, settings=None, metadata=None):
    with zipfile.ZipFile(f"{folder}/spam-9.0-py3-none-any.whl", "w") as wheel:
        wheel.writestr("said.txt", str(sorted((settings or {}).items())))
    return "spam-9.0-py3-none-any.whl"


def build_sdist(folder, settings=None):
    raise RuntimeError("this backend makes none")
"""


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text(PROJECT + POETRY, "utf-8")
    (folder / "spam").mkdir()
    (folder / "spam" / "__init__.py").write_text("", "utf-8")
    return folder


def in_dist(project: Path) -> list[str]:
    return sorted(path.name for path in (project / "dist").iterdir())


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("", [WHEEL, SDIST]),
        ("-f wheel", [WHEEL]),
        ("--sdist", [SDIST]),
        ("-f sdist -f wheel", [WHEEL, SDIST]),
        ("-f all", [WHEEL, SDIST]),
        ("--wheel --wheel-from-sdist", [WHEEL]),
        ("--wheel -l cpu", ["spam-1.0+cpu-py3-none-any.whl"]),
        ("--wheel -c local-version=x.1", ["spam-1.0+x.1-py3-none-any.whl"]),
    ],
)
def test_the_formats_that_are_asked_for_are_built(
    words: str, expected: list[str], project: Path, chapbook: Chapbook
) -> None:
    outcome = chapbook("build", *words.split())
    assert (0, expected) == (outcome.status, in_dist(project))


def test_the_files_are_named_with_their_sizes(project: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("build", "--output", "else/where")
    assert f"Built {project / 'else' / 'where' / SDIST} (" in outcome.out
    assert not (project / "dist").exists()


def test_cleaning_removes_distributions_and_nothing_else(project: Path, chapbook: Chapbook) -> None:
    (project / "dist").mkdir()
    for name in ("spam-0.9.tar.gz", "other-1.0-py3-none-any.whl", "notes.txt"):
        (project / "dist" / name).touch()
    outcome = chapbook("build", "--clean", "--wheel")
    assert ["notes.txt", WHEEL] == in_dist(project)
    assert "Removed spam-0.9.tar.gz" in outcome.out


def test_nothing_is_removed_or_left_when_a_build_fails(project: Path, chapbook: Chapbook) -> None:
    (project / "dist").mkdir()
    (project / "dist" / "spam-0.9.tar.gz").touch()
    (project / "pyproject.toml").write_text(f'{PROJECT}readme = "README.md"\n{POETRY}', "utf-8")
    outcome = chapbook("build", "--clean")
    assert (1, ["spam-0.9.tar.gz"]) == (outcome.status, in_dist(project))
    assert "the readme `README.md` does not exist" in outcome.err


def test_what_is_no_package_is_not_built(project: Path, chapbook: Chapbook) -> None:
    (project / "pyproject.toml").write_text(f"{PROJECT}[tool.poetry]\npackage-mode = false\n{POETRY}", "utf-8")
    outcome = chapbook("build")
    assert outcome.status == 1
    assert "this project is no package" in outcome.err
    assert not (project / "dist").exists()


def test_a_setting_without_a_value_is_a_usage_error(project: Path, chapbook: Chapbook) -> None:
    assert (project / "spam").is_dir()
    assert chapbook("build", "-c", "alone").status == 2


def test_a_foreign_backend_is_run_with_the_settings(project: Path, chapbook: Chapbook) -> None:
    system = '[build-system]\nrequires = []\nbuild-backend = "own"\nbackend-path = ["tools"]\n'
    (project / "pyproject.toml").write_text(f"{PROJECT}{system}", "utf-8")
    (project / "tools").mkdir()
    (project / "tools" / "own.py").write_text(FOREIGN, "utf-8")
    outcome = chapbook("build", "--wheel", "-c", "a=1", "-c", "a=2", "-c", "b=3")
    assert (0, "") == (outcome.status, outcome.err)
    assert ["spam-9.0-py3-none-any.whl"] == in_dist(project)
    failed = chapbook("build", "--output", "other")
    assert "this backend makes none" in failed.err
    assert not (project / "other").exists()


def test_a_source_distribution_holds_what_a_wheel_is_made_of(project: Path, chapbook: Chapbook) -> None:
    chapbook("build", "--sdist")
    with tarfile.open(project / "dist" / SDIST) as sdist:
        assert {f"spam-1.0/{name}" for name in ("PKG-INFO", "pyproject.toml", "spam/__init__.py")} == set(
            sdist.getnames()
        )


def test_a_format_is_no_format_of_the_answer(project: Path, chapbook: Chapbook) -> None:
    assert (project / "spam").is_dir()
    outcome = chapbook("build", "-f", "wheel")
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(outcome.out)

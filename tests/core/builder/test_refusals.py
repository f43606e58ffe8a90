from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.cannot_build import CannotBuild, ChangedMeanwhile
from chapbook_core.builder.distribution import read_distribution
from chapbook_core.builder.sdist import build_sdist
from chapbook_core.builder.wheel import build_wheel
from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.core.builder.conftest import Sources

HEAD = '[project]\nname = "spam"\nversion = "1.0"\nrequires-python = ">=3.11"\n'


def refusal(sources: Sources, out: Path, *, settles: str | None = None) -> str:
    """Return what a build of either kind says, having left nothing behind."""
    said = set()
    for build in (build_wheel, build_sdist):
        with pytest.raises(ChapbookError) as caught:
            build(read_distribution(sources.folder, {}, local_version=settles), out)
        said.add(caught.value.message)
    assert [] == (sorted(path.name for path in out.iterdir()) if out.exists() else [])
    assert len(said) == 1
    return said.pop()


CASES = {
    "readme missing": ('readme = "README.md"\n', "the readme `README.md` does not exist"),
    "licence missing": (
        'license-files = ["COPYING"]\n',
        "no licence file is matched by `COPYING` under `license-files`",
    ),
    "licence file missing": ('license = { file = "COPYING" }\n', "the licence file `COPYING` does not exist"),
    "package missing": (
        '[tool.poetry]\npackages = [{ include = "eggs", from = "src" }]\n',
        "the package `eggs` under `packages` does not exist in `src`",
    ),
    "package without a module": (
        '[tool.poetry]\npackages = [{ include = "empty" }]\n',
        "`empty` is no package: no module is in it",
    ),
    "include outside": (
        '[tool.poetry]\ninclude = [{ path = "../*.txt", format = ["sdist", "wheel"] }]\n',
        "`../secret.txt` lies outside the project",
    ),
    "package outside": (
        '[tool.poetry]\npackages = [{ include = "other", from = ".." }]\n',
        "`../other` lies outside the project",
    ),
    "absolute pattern": (
        '[tool.poetry]\ninclude = [{ path = "/*", format = ["sdist", "wheel"] }]\n',
        "`/*` is no pattern of files in the project: Non-relative patterns are unsupported",
    ),
    "script missing": (
        '[tool.poetry.scripts]\nrun = { reference = "bin/run", type = "file" }\n',
        "the script `run`, `bin/run` does not exist or is no file",
    ),
    "script outside": (
        '[tool.poetry.scripts]\nrun = { reference = "../secret.txt", type = "file" }\n',
        "`../secret.txt` lies outside the project",
    ),
    "data missing": (
        '[tool.chapbook.data]\n"share/x" = "nothing/*"\n',
        "for `share/x` under [tool.chapbook], `nothing/*` does not exist",
    ),
    "no package": (
        "[tool.poetry]\npackage-mode = false\n",
        "this project is no package: `package-mode = false` stands under [tool.poetry]",
    ),
    "import names wrong": (
        'import-names = ["1x"]\n',
        "`import-names` under [project] must be an array of names to import",
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_built_is_told_in_one_sentence_and_leaves_no_file(
    case: str, sources: Sources, tmp_path: Path
) -> None:
    more, expected = CASES[case]
    (tmp_path / "secret.txt").write_text("s", "utf-8")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "__init__.py").touch()
    sources.write("empty/readme.txt")
    sources.declare(more)
    assert expected == refusal(sources, tmp_path / "out")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        ('[project]\nname = "-spam"\nversion = "1"\n', "`-spam` is not a valid name"),
        ('[project]\nname = "spam"\nversion = "one"\n', "`one` is not a valid version"),
        ('[project]\nname = "spam"\n', "is missing"),
        ('[project]\nversion = "1"\n', "is missing"),
        ("[project\n", "pyproject.toml"),
        ('[project]\nname = "spam"\nversion = "1"\n[tool.chapbook.version]\ngit = "yes"\n', "expected true or false"),
        ('[project]\nname = "spam"\nversion = "1"\n[tool.chapbook.data]\n"../up" = "x"\n', "must stay inside"),
    ],
)
def test_a_project_file_that_is_wrong_is_told_with_its_place(
    head: str, expected: str, sources: Sources, tmp_path: Path
) -> None:
    sources.declare(head=head)
    assert expected in refusal(sources, tmp_path / "out")


def test_nothing_named_as_the_project_is_no_package(sources: Sources, tmp_path: Path) -> None:
    sources.declare(head=HEAD.replace("spam", "Eggs-And.Ham"))
    expected = "no package is found: there is no `eggs_and_ham` and no `eggs_and_ham.py`, neither here nor in `src`"
    assert expected == refusal(sources, tmp_path / "out")


def test_a_folder_and_a_module_cannot_both_be_the_package(sources: Sources, tmp_path: Path) -> None:
    sources.write("spam.py")
    assert "both `spam` and `spam.py` exist" in refusal(sources, tmp_path / "out")


def test_two_files_cannot_have_one_name_in_a_wheel(sources: Sources, tmp_path: Path) -> None:
    sources.declare(
        '[tool.poetry]\npackages = [{ include = "spam", from = "one" }, { include = "spam", from = "two" }]\n'
    )
    sources.write("one/spam/__init__.py")
    sources.write("two/spam/__init__.py")
    with pytest.raises(CannotBuild, match=r"would become `spam/__init__\.py`"):
        build_wheel(read_distribution(sources.folder, {}), tmp_path / "out")
    assert [] == list((tmp_path / "out").glob("*"))


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        (".", "`spam/link` is a symbolic link to itself or to a folder above itself, so following it has no end"),
        ("link", "`spam/link` is a symbolic link to itself or to a folder above itself, so following it has no end"),
        ("missing", "`spam/link` is a symbolic link to something that does not exist"),
        ("../../other", "lies outside the project"),
    ],
)
def test_links_that_lead_nowhere_good_are_refused(target: str, expected: str, sources: Sources, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    (sources.folder / "spam" / "link").symlink_to(target)
    assert expected in refusal(sources, tmp_path / "out")


def test_a_pipe_is_refused_instead_of_waited_for(sources: Sources, tmp_path: Path) -> None:
    os.mkfifo(sources.folder / "spam" / "pipe")
    assert "`spam/pipe` is neither a file nor a folder" in refusal(sources, tmp_path / "out")
    sources.declare('[tool.poetry]\nexclude = ["spam/pipe"]\n')
    assert build_wheel(read_distribution(sources.folder, {}), tmp_path / "out").is_file()


def test_a_name_that_is_no_text_is_refused(sources: Sources, tmp_path: Path) -> None:
    (sources.folder / "spam" / "\udcff.txt").write_bytes(b"")
    assert r"the name of `spam/\udcff.txt` is not Unicode text" in refusal(sources, tmp_path / "out")


def test_a_bad_link_that_is_excluded_is_no_harm(sources: Sources, tmp_path: Path) -> None:
    sources.declare('[tool.poetry]\nexclude = ["spam/link"]\n')
    (sources.folder / "spam" / "link").symlink_to(".")
    assert build_wheel(read_distribution(sources.folder, {}), tmp_path / "out").is_file()


def test_a_file_that_changes_while_it_is_packed_ends_the_build(
    sources: Sources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (sources.folder / "spam" / "big.bin").write_bytes(b"x" * 1000)
    real = os.fstat
    monkeypatch.setattr("chapbook_core.builder.member.os.fstat", lambda number: _touched(sources, number, real))
    for build in (build_wheel, build_sdist):
        with pytest.raises(ChangedMeanwhile, match="changed while it was being packed"):
            build(read_distribution(sources.folder, {}), tmp_path / "out")
    assert [] == list((tmp_path / "out").iterdir())


def _touched(sources: Sources, number: int, real: Callable[[int], os.stat_result]) -> os.stat_result:
    found = real(number)
    with (sources.folder / "spam" / "big.bin").open("ab") as stream:
        stream.write(b"more")
    return found


def test_an_invalid_local_version_is_refused(sources: Sources, tmp_path: Path) -> None:
    assert "`a b` is not a valid local version" == refusal(sources, tmp_path / "out", settles="a b")


def test_a_former_distribution_stays_when_a_build_fails(sources: Sources, tmp_path: Path) -> None:
    out = tmp_path / "out"
    wheel = build_wheel(read_distribution(sources.folder, {}), out)
    before = wheel.read_bytes()
    sources.declare('readme = "README.md"\n')
    with pytest.raises(CannotBuild):
        build_wheel(read_distribution(sources.folder, {}), out)
    assert (before, [wheel.name]) == (wheel.read_bytes(), [path.name for path in out.iterdir()])

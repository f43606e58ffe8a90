"""Real Poetry's `add` against ours: the same words lead to the same project file, and Poetry is content with our lock.

Where we write something else on purpose, a test says what and why.
"""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from tests.fakes.index import FakeIndex
from tests.interop.poetry_program import POETRY, WITHOUT_POETRY, ResidentPoetry, chapbook_here

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(POETRY is None, reason=WITHOUT_POETRY)

HEAD = '[project]\nname = "here"\nversion = "1"\nrequires-python = ">=3.9,<4"\n'
STANDARD = f"{HEAD}dependencies = [\n]\n"
FILLED = f'{HEAD}dependencies = [\n    "six (>=1.0,<2.0)"\n]\n\n[tool.other]\nkey = 1  # stays\n'
LEGACY = (
    '[tool.poetry]\nname = "here"\nversion = "1"\ndescription = ""\nauthors = []\npackage-mode = false\n\n'
    '[tool.poetry.dependencies]\npython = ">=3.9,<4"\n'
)
LEGACY_GROUP = f'{LEGACY}\n[tool.poetry.group.dev.dependencies]\nsix = "*"\n'
GROUPS = f'{STANDARD}\n[dependency-groups]\ndev = ["six"]\n'

CALLS = [
    (STANDARD, "idna"),
    (STANDARD, "idna@latest"),
    (STANDARD, "idna@^3"),
    (STANDARD, "idna@~3.7"),
    (STANDARD, "idna==3.7"),
    (STANDARD, "idna@3.7"),
    (STANDARD, "idna>=3,<4,!=3.5"),
    (STANDARD, "requests[socks]@^2.30"),
    (STANDARD, "requests -E socks"),
    (STANDARD, "idna six"),
    (FILLED, "idna"),
    (FILLED, "six@latest"),
    (GROUPS, "idna -G dev"),
    (LEGACY, "idna"),
    (LEGACY, "idna@^3"),
    (LEGACY, "idna@~3.7"),
    (LEGACY, "idna==3.7"),
    (LEGACY, "idna@3.7"),
    (LEGACY, "requests[socks]@^2.30"),
    (LEGACY, "idna --allow-prereleases"),
    (LEGACY, "idna --platform win32 --python <3.13"),
    (LEGACY_GROUP, "idna -G dev"),
]


ARRANGED = [
    (STANDARD, "idna --markers sys_platform=='win32'"),
    (STANDARD, "idna --platform win32 --python <3.13"),
    (STANDARD, "idna -G dev"),
    (STANDARD, "idna -D"),
    (STANDARD, "idna --optional net"),
]
"""Calls after which the files say the same in another arrangement: we quote markers so that nothing need be escaped,
put a new table of groups below `[project]`, and give every new array lines of its own."""


@pytest.fixture(scope="module")
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        for version in ("3.0", "3.7", "3.20"):
            index.serve("idna", version)
        index.serve("six", "1.16.0")
        index.serve("pysocks", "1.7.1")
        index.serve("requests", "2.30.0", requires=["idna<4"], extras={"socks": ["PySocks>=1.5"]})
        index.serve("requests", "2.32.5", requires=["idna<4"], extras={"socks": ["PySocks>=1.5"]})
        yield index


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)


def made(folder: Path, text: str, index: FakeIndex) -> Path:
    folder.mkdir()
    source = f'\n[[tool.poetry.source]]\nname = "mine"\nurl = "{index.url}"\n'
    (folder / "pyproject.toml").write_text(f"{text}{source}", encoding="utf-8")
    return folder


def written(folder: Path) -> str:
    return (folder / "pyproject.toml").read_text("utf-8")


def pins(folder: Path) -> list[tuple[str, str, object]]:
    lock = tomllib.loads((folder / "poetry.lock").read_text("utf-8"))
    return [(package["name"], package["version"], package.get("markers")) for package in lock["package"]]


@pytest.mark.parametrize(("text", "words"), CALLS, ids=[f"{number}-{words}" for number, (_, words) in enumerate(CALLS)])
def test_the_same_words_lead_to_the_same_files(
    tmp_path: Path, index: FakeIndex, poetry: ResidentPoetry, text: str, words: str
) -> None:
    theirs, own = (made(tmp_path / name, text, index) for name in ("theirs", "own"))
    answer = poetry(theirs, "add", "--lock", *words.split())
    assert answer.succeeded, answer.text
    mine = chapbook_here(own, "add", "--lock", *words.split())
    assert mine.succeeded, mine.text
    assert written(theirs) == written(own)
    assert pins(theirs) == pins(own)
    checked = poetry(own, "check", "--lock")
    assert "All set" in checked.text or checked.succeeded, checked.text


@pytest.mark.parametrize(
    ("text", "words"), ARRANGED, ids=[f"{number}-{words}" for number, (_, words) in enumerate(ARRANGED)]
)
def test_the_same_words_lead_to_files_that_say_the_same(
    tmp_path: Path, index: FakeIndex, poetry: ResidentPoetry, text: str, words: str
) -> None:
    theirs, own = (made(tmp_path / name, text, index) for name in ("theirs", "own"))
    answer = poetry(theirs, "add", "--lock", *words.split())
    assert answer.succeeded, answer.text
    mine = chapbook_here(own, "add", "--lock", *words.split())
    assert mine.succeeded, mine.text
    assert tomllib.loads(written(theirs)) == tomllib.loads(written(own))
    assert pins(theirs) == pins(own)
    assert poetry(own, "check", "--lock").succeeded


def test_a_name_is_written_as_it_was_typed(tmp_path: Path, index: FakeIndex, poetry: ResidentPoetry) -> None:
    """Poetry would write it in small letters."""
    own = made(tmp_path / "own", STANDARD, index)
    assert chapbook_here(own, "add", "Idna", "--lock").succeeded
    assert '"Idna (>=3.20,<4.0)"' in written(own)
    assert poetry(own, "check", "--lock").succeeded


def test_a_project_table_without_dependencies_gets_its_own_and_none_of_poetrys(
    tmp_path: Path, index: FakeIndex, poetry: ResidentPoetry
) -> None:
    """Poetry would begin `[tool.poetry.dependencies]` here, which no other tool reads."""
    own = made(tmp_path / "own", HEAD, index)
    assert chapbook_here(own, "add", "idna", "--lock").succeeded
    assert '\ndependencies = [\n    "idna (>=3.20,<4.0)",\n]\n' in written(own)
    assert poetry(own, "check", "--lock").succeeded


def test_a_local_folder_is_written_relative_to_the_project(
    tmp_path: Path, index: FakeIndex, poetry: ResidentPoetry
) -> None:
    """Poetry would write the whole path of this machine into `[project]`."""
    library = tmp_path / "library"
    library.mkdir()
    (library / "pyproject.toml").write_text(f"{HEAD.replace('here', 'library')}", encoding="utf-8")
    own = made(tmp_path / "own", STANDARD, index)
    assert chapbook_here(own, "add", "--editable", str(library), "--lock").succeeded
    assert 'library = {path = "../library", develop = true}' in written(own)
    assert str(tmp_path) not in written(own)
    assert poetry(own, "check", "--lock").succeeded
    assert poetry(own, "lock").succeeded
    assert ("library", "1", None) in pins(own)


def test_poetry_goes_on_from_what_we_have_changed(tmp_path: Path, index: FakeIndex, poetry: ResidentPoetry) -> None:
    own = made(tmp_path / "own", GROUPS, index)
    for words in (
        "add idna requests",
        "add -G docs pysocks@~1.7",
        "up",
        "remove six",
        "update",
        "remove -G docs pysocks",
    ):
        command, *rest = words.split()
        done = chapbook_here(own, command, "--lock", *rest)
        assert done.succeeded, done.text
        checked = poetry(own, "check", "--lock")
        assert checked.succeeded, f"{words}: {checked.text}"
        before = pins(own)
        assert poetry(own, "lock").succeeded
        assert before == pins(own)

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.commands.completing import complete
from chapbook_core.commands.project_knowledge import ProjectKnowledge
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.surroundings import Surroundings
from chapbook_core.events import Unwatched
from chapbook_core.index.cache import KeptPage
from chapbook_core.index.http_cache import Validity
from chapbook_core.index.opening import open_cache

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


@dataclass
class Known:
    """A project that knows what it is told; it notes what it was asked."""

    asked: list[str] = field(default_factory=list)

    def _tell(self, what: str, *names: str) -> Collection[str]:
        self.asked.append(what)
        return names

    def declared(self) -> Collection[str]:
        return self._tell("declared", "pandas", "pytest")

    def locked(self) -> Collection[str]:
        return self._tell("locked", "pandas", "pytest", "numpy")

    def known(self) -> Collection[str]:
        return self._tell("known", "polars", "requests")

    def groups(self) -> Collection[str]:
        return self._tell("groups", "main", "dev", "docs")

    def extras(self) -> Collection[str]:
        return self._tell("extras", "plot")

    def sources(self) -> Collection[str]:
        return self._tell("sources", "mine")

    def settings(self) -> Collection[str]:
        return self._tell("settings", "cache-dir", "virtualenvs.create")

    def programs(self) -> Collection[str]:
        return self._tell("programs", "python", "pytest")

    def paths(self, start: str) -> Collection[str]:
        return [path for path in self._tell("paths", "data/", "notes.ipynb", "./wheels/") if path.startswith(start)]


def offered(line: str, knowledge: Known | None = None) -> list[str]:
    return list(complete(line, len(line), BY_NAME, knowledge or Known()).matches)


def test_commands_are_offered_by_their_first_word() -> None:
    assert offered("rem") == ["remove"]
    assert {"add", "source", "env"} <= set(offered(""))
    assert "source add" not in offered("")


def test_the_second_word_of_a_command_follows_its_noun() -> None:
    assert set(offered("source ")) == {"add", "remove", "show"}
    assert offered("source sh") == ["show"]


def test_options_are_offered_once() -> None:
    assert offered("add --gro") == ["--group"]
    assert offered("add --dry-run --dry") == []
    assert "--group" not in offered("add --dev --")
    assert "--verbose" in offered("add --verbose --")


def test_options_stand_before_a_command_too() -> None:
    assert offered("--proj") == ["--project"]
    assert offered("-P folder rem") == ["remove"]


@pytest.mark.parametrize(
    ("line", "matches"),
    [
        ("add p", ["pandas", "polars", "pytest"]),
        ("add pandas p", ["polars", "pytest"]),
        ("remove p", ["pandas", "pytest"]),
        ("remove n", []),
        ("why n", ["numpy"]),
        ("show ", ["numpy", "pandas", "pytest"]),
        ("add --group d", ["dev", "docs"]),
        ("add --group=d", ["dev", "docs"]),
        ("add -G d", ["dev", "docs"]),
        ("install --with dev,d", ["dev", "docs"]),
        ("install --with=dev,do", ["docs"]),
        ("install --extras ", ["plot"]),
        ("add --source ", ["mine"]),
        ("source remove ", ["mine"]),
        ("config v", ["virtualenvs.create"]),
        ("config virtualenvs.create ", []),
        ("version pre", ["premajor", "preminor", "prepatch", "prerelease"]),
        ("add --format j", ["json"]),
        ("add --python ", []),
        ("help so", ["source"]),
        ("help source sh", ["show"]),
        ("run pyt", ["pytest", "python"]),
        ("run python n", ["notes.ipynb"]),
        ("run python --", []),
        ("add ./", ["./wheels/"]),
        ("import n", ["notes.ipynb"]),
        ("add -- --", []),
        ("nonsense x", []),
        ("add --nonsense=", []),
    ],
)
def test_what_is_offered_fits_the_place(line: str, matches: list[str]) -> None:
    assert offered(line) == matches


def test_only_what_may_be_offered_is_looked_up() -> None:
    knowledge = Known()
    offered("rem", knowledge)
    offered("add --gr", knowledge)
    assert knowledge.asked == []
    offered("remove p", knowledge)
    assert knowledge.asked == ["declared"]


def test_the_start_is_where_the_match_begins() -> None:
    assert complete("add pan", 7, BY_NAME, Known()).start == 4
    assert complete("install --with=dev,do", 21, BY_NAME, Known()).start == 19
    assert complete("add ", 4, BY_NAME, Known()).start == 4


def test_what_stands_behind_the_cursor_does_not_count() -> None:
    completion = complete("rem pandas", 3, BY_NAME, Known())
    assert (completion.matches, completion.start) == (("remove",), 0)


@given(st.text(alphabet="ad -=,GPx./\t\u00e9", max_size=30), st.integers(-3, 40))
@settings(max_examples=200, deadline=None)
def test_every_match_continues_what_is_typed(line: str, cursor: int) -> None:
    completion = complete(line, cursor, BY_NAME, Known())
    before = line[: max(0, cursor)]
    assert 0 <= completion.start <= len(before)
    assert all(match.startswith(before[completion.start :]) for match in completion.matches)


@pytest.fixture
def knowledge(tmp_path: Path) -> ProjectKnowledge:
    (tmp_path / "pyproject.toml").write_text(
        '[project]\nname = "here"\nversion = "1"\ndependencies = ["Pandas>=2"]\nrequires-python = ">=3.9"\n'
        '[project.optional-dependencies]\nplot = ["matplotlib"]\n'
        '[project.scripts]\nserve = "here:main"\n'
        '[dependency-groups]\ndev = ["pytest"]\n'
        '[[tool.poetry.source]]\nname = "mine"\nurl = "https://example.org/simple/"\n'
        '[tool.chapbook.tasks]\nclean = "rm -r build"\n',
        "utf-8",
    )
    (tmp_path / "poetry.lock").write_text(
        '[[package]]\nname = "pandas"\nversion = "2"\n\n[[package]]\nname = "numpy"\nversion = "1"\n', "utf-8"
    )
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a b.csv").touch()
    (tmp_path / ".hidden").touch()
    variables = {"CHAPBOOK_CACHE_DIR": str(tmp_path / "cache")}
    return ProjectKnowledge(Surroundings(tmp_path, variables, tmp_path, (3, 11)))


def test_a_project_is_known_from_its_files(knowledge: ProjectKnowledge) -> None:
    assert set(knowledge.declared()) == {"pandas", "matplotlib", "pytest"}
    assert set(knowledge.locked()) == {"pandas", "numpy"}
    assert set(knowledge.groups()) == {"main", "dev"}
    assert list(knowledge.extras()) == ["plot"]
    assert list(knowledge.sources()) == ["mine"]
    assert set(knowledge.programs()) == {"clean", "serve"}
    assert "virtualenvs.in-project" in knowledge.settings()


def test_paths_end_in_a_slash_when_they_lead_on(knowledge: ProjectKnowledge) -> None:
    assert "data/" in knowledge.paths("")
    assert ".hidden" not in knowledge.paths("")
    assert list(knowledge.paths(".h")) == [".hidden"]
    assert list(knowledge.paths("data/")) == ["data/a b.csv"]
    assert list(knowledge.paths("nowhere/x")) == []


def test_names_come_from_the_cache(knowledge: ProjectKnowledge, tmp_path: Path) -> None:
    assert list(knowledge.known()) == []
    cache = open_cache(tmp_path / "cache", Unwatched())
    page = KeptPage(b"page", Validity(fetched=0.0, lifetime=1.0))
    cache.keep_page("https://example.org/simple/", "polars", page, b"")
    cache.flush()
    cache.close()
    assert list(knowledge.known()) == ["polars"]


def test_a_folder_without_a_project_offers_commands_only(tmp_path: Path) -> None:
    nothing = ProjectKnowledge(Surroundings(tmp_path / "gone", {}, tmp_path, (3, 11)))
    assert complete("remove ", 7, BY_NAME, nothing).matches == ()
    assert complete("add --group ", 12, BY_NAME, nothing).matches == ()


def test_a_broken_project_file_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[project\n", "utf-8")
    nothing = ProjectKnowledge(Surroundings(tmp_path, {}, tmp_path, (3, 11)))
    assert complete("remove ", 7, BY_NAME, nothing).matches == ()

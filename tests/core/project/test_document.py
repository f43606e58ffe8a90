"""Editing a project file: where things are written, and what goes with what is removed."""

from __future__ import annotations

from pathlib import Path

import pytest

from chapbook_core.errors import FileMistakes
from chapbook_core.project.document import Document, NoSuchSource, NotRequired, read_document
from chapbook_core.project.source import Priority, Source
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, GitOrigin, IndexOrigin
from chapbook_core.requirements.requirement import Requirement, parse_requirement

FILE = Path("/somewhere/pyproject.toml")
HEAD = '[project]\nname = "a"\nversion = "1"\n'
POETRY = '[tool.poetry]\nname = "a"\nversion = "1"\n'
IDNA = Requirement("idna", "idna", parse_constraint("^3.20"))


def document(text: str) -> Document:
    return Document(text.encode(), FILE)


def added(text: str, requirement: Requirement = IDNA, group: str = "main", extra: str | None = None) -> str:
    edited = document(text)
    edited.add_requirement(requirement, group=group, extra=extra)
    return edited.text()


def removed(text: str, name: str, group: str | None = None, extra: str | None = None) -> str:
    edited = document(text)
    edited.remove_requirement(name, group=group, extra=extra)
    return edited.text()


@pytest.mark.parametrize(
    ("requirement", "standard", "older"),
    [
        (IDNA, "'idna (>=3.20,<4.0)'", "'^3.20'"),
        (Requirement("idna", "idna", parse_constraint("==3.7")), "'idna (==3.7)'", "'3.7'"),
        (Requirement("idna", "idna", parse_constraint("~3.7")), "'idna (>=3.7,<3.8)'", "'~3.7'"),
        (Requirement("idna", "Idna"), "'Idna'", "'*'"),
        (
            parse_requirement("requests[socks] >=2.30,<3.0"),
            "'requests[socks] (>=2.30,<3.0)'",
            "{version = '>=2.30,<3.0', extras = ['socks']}",
        ),
        (
            parse_requirement("idna @ git+https://example.org/idna.git@v1#subdirectory=py"),
            "'idna @ git+https://example.org/idna.git@v1#subdirectory=py'",
            "{git = 'https://example.org/idna.git', rev = 'v1', subdirectory = 'py'}",
        ),
    ],
)
def test_a_requirement_is_written_as_its_table_takes_it(requirement: Requirement, standard: str, older: str) -> None:
    assert added(HEAD + "dependencies = ['x']\n", requirement) == HEAD + f"dependencies = ['x', {standard}]\n"
    before = POETRY + "[tool.poetry.dependencies]\npython = '^3.9'\n"
    assert added(before, requirement) == before + f"{requirement.pretty_name} = {older}\n"


def test_a_bare_project_table_gets_its_own_requirements() -> None:
    assert added(HEAD) == HEAD + 'dependencies = [\n    "idna (>=3.20,<4.0)",\n]\n'


def test_a_project_that_leaves_its_requirements_to_poetry_goes_on_doing_so() -> None:
    for text in (
        HEAD + '[tool.poetry.dependencies]\nx = "*"\n',
        HEAD + 'dynamic = ["dependencies"]\n[tool.poetry.dependencies]\n',
    ):
        assert added(text) == text + 'idna = "^3.20"\n'


def test_a_new_group_joins_the_table_that_holds_the_others() -> None:
    older = POETRY + '[tool.poetry.group.docs.dependencies]\nx = "*"\n'

    assert '[dependency-groups]\ndev = [\n    "idna (>=3.20,<4.0)",\n]\n' in added(HEAD, group="dev")
    assert '\n[tool.poetry.group.dev.dependencies]\nidna = "^3.20"\n' in added(older, group="dev")
    assert added(POETRY + '[tool.poetry.dev-dependencies]\nx = "*"\n', group="dev").endswith(
        'x = "*"\nidna = "^3.20"\n'
    )


def test_a_group_is_found_in_any_spelling() -> None:
    before = HEAD + '[dependency-groups]\nDocs_X = ["x"]\n'

    assert 'Docs_X = ["x", "idna (>=3.20,<4.0)"]' in added(before, group="docs-x")


def test_what_a_standard_text_cannot_say_stands_beside_it() -> None:
    requirement = Requirement("idna", "idna", origin=IndexOrigin("s"), allow_prereleases=True)

    assert added(HEAD, requirement) == (
        HEAD + 'dependencies = [\n    "idna",\n]\n'
        '\n[tool.poetry.dependencies]\nidna = {allow-prereleases = true, source = "s"}\n'
    )
    assert "[tool.poetry.group.dev.dependencies]\nidna = {" in added(HEAD, requirement, group="dev")


@pytest.mark.parametrize(
    "origin", [DirectoryOrigin(Path("/elsewhere/idna"), develop=True), FileOrigin(Path("/elsewhere/idna-1.whl"))]
)
def test_a_path_is_written_from_the_projects_folder_even_if_it_was_typed_from_the_root(
    origin: DirectoryOrigin | FileOrigin,
) -> None:
    text = added(HEAD, Requirement("idna", "idna", origin=origin))

    assert f'idna = {{path = "../elsewhere/{origin.path.name}"' in text
    assert "file:" not in text
    assert '"/' not in text


def test_a_constraint_that_has_no_standard_form_stands_beside_the_name() -> None:
    requirement = Requirement("idna", "idna", parse_constraint("^1.0 || ^3.0"))

    assert added(HEAD + "dependencies = []\n", requirement) == (
        HEAD + 'dependencies = ["idna"]\n\n[tool.poetry.dependencies]\nidna = {version = "^1.0 || ^3.0"}\n'
    )


def test_credentials_in_an_address_are_never_written() -> None:
    requirement = parse_requirement("idna @ git+https://ada:s3cret@example.org/idna.git")

    assert isinstance(requirement.origin, GitOrigin)
    for text in (added(HEAD, requirement), added(POETRY, requirement)):
        assert "s3cret" not in text


def test_a_marker_keeps_its_double_quotes_in_single_ones() -> None:
    requirement = parse_requirement('idna ; sys_platform == "win32"')

    assert "'idna ; sys_platform == \"win32\"'" in added(HEAD, requirement)


def test_requiring_a_package_again_replaces_the_entry_where_it_stands() -> None:
    before = HEAD + 'dependencies = [\n    "Idna>=2",  # names\n    "z",\n]\n'

    assert added(before) == HEAD + 'dependencies = [\n    "idna (>=3.20,<4.0)",  # names\n    "z",\n]\n'


def test_requiring_a_package_again_drops_only_the_additions_that_contradict() -> None:
    head = HEAD + 'dependencies = ["idna"]\n[tool.poetry.dependencies]\n'

    assert '{source = "s"}' in added(head + 'idna = {source = "s"}\n')
    assert "path" not in added(head + 'idna = {path = "../idna"}\n')


def test_requiring_a_package_again_replaces_a_table_of_its_own() -> None:
    before = POETRY + '[tool.poetry.dependencies]\nx = "*"\n[tool.poetry.dependencies.idna]\nversion = "1"\n'

    assert added(before) == POETRY + '[tool.poetry.dependencies]\nx = "*"\nidna = "^3.20"\n'


def test_an_extra_of_the_older_form_lists_its_requirement() -> None:
    before = POETRY + '[tool.poetry.dependencies]\npython = "*"\n'

    assert added(before, extra="net") == (
        before + 'idna = {version = "^3.20", optional = true}\n\n[tool.poetry.extras]\nnet = [\n    "idna",\n]\n'
    )


def test_a_group_left_empty_goes_with_every_mention_of_it() -> None:
    before = (
        HEAD
        + '[dependency-groups]\na = ["idna"]\nb = [{include-group = "A"}]\nc = ["x", {include-group = "b"}]\n'
        + '[tool.poetry.group.d]\ninclude-groups = ["a"]\n'
        + '[tool.poetry.group.e]\noptional = true\ninclude-groups = ["a"]\n'
    )

    assert removed(before, "idna") == (
        HEAD + '[dependency-groups]\nc = ["x"]\n[tool.poetry.group.e]\noptional = true\n'
    )


def test_a_group_that_still_says_something_stays() -> None:
    before = POETRY + '[tool.poetry.group.d]\noptional = true\n\n[tool.poetry.group.d.dependencies]\nidna = "*"\n'

    assert removed(before, "idna", group="d") == POETRY + "[tool.poetry.group.d]\noptional = true\n"


def test_removing_from_one_group_leaves_the_others() -> None:
    before = HEAD + 'dependencies = ["idna"]\n[dependency-groups]\na = ["idna", "x"]\n'

    assert removed(before, "IDNA", group="a") == HEAD + 'dependencies = ["idna"]\n[dependency-groups]\na = ["x"]\n'


def test_removing_takes_every_entry_of_the_name_and_what_stands_beside_it() -> None:
    before = (
        HEAD
        + 'dependencies = ["idna<3 ; python_version < \'3.9\'", "x", "idna>=3 ; python_version >= \'3.9\'"]\n'
        + '[tool.poetry.dependencies]\nidna = {source = "s"}\n'
    )

    assert removed(before, "idna") == HEAD + 'dependencies = ["x"]\n'


def test_removing_from_an_extra_keeps_what_others_need() -> None:
    before = (
        HEAD
        + '[project.optional-dependencies]\na = ["idna"]\nb = ["idna"]\n'
        + '[tool.poetry.dependencies]\nidna = {source = "s"}\n'
    )

    assert removed(before, "idna", extra="a") == before.replace('a = ["idna"]\n', "", 1)
    assert removed(before, "idna") == HEAD


def test_removing_a_requirement_of_the_older_form_clears_the_extras_that_list_it() -> None:
    before = (
        POETRY
        + '[tool.poetry.dependencies]\nidna = {version = "*", optional = true}\nx = "*"\n'
        + '[tool.poetry.extras]\nnet = ["idna"]\nall = ["idna", "x"]\n'
    )

    assert (
        removed(before, "idna") == POETRY + '[tool.poetry.dependencies]\nx = "*"\n[tool.poetry.extras]\nall = ["x"]\n'
    )


def test_the_comment_on_its_line_goes_and_the_others_stay() -> None:
    before = HEAD + 'dependencies = [\n    # one\n    "x", # two\n    # three\n    "idna" # four\n    # five\n]\n'

    assert removed(before, "idna") == HEAD + (
        'dependencies = [\n    # one\n    "x" # two\n    # three\n    # five\n]\n'
    )


@pytest.mark.parametrize("where", [{}, {"group": "main"}, {"group": "dev"}, {"extra": "net"}])
def test_removing_what_is_not_there_changes_nothing(where: dict[str, str]) -> None:
    edited = document(HEAD + '[dependency-groups]\ndev = ["x"]\n')

    with pytest.raises(NotRequired, match="`idna` is not required"):
        edited.remove_requirement("idna", **where)

    assert not edited.is_changed


def test_it_is_known_where_a_package_is_required() -> None:
    edited = document(
        HEAD
        + 'dependencies = ["B.c"]\noptional-dependencies = {net = ["d"]}\n'
        + '[dependency-groups]\ndev = ["e"]\n[tool.poetry.group.dev.dependencies]\nf = "*"\n'
    )

    assert edited.requires("b-C")
    assert edited.requires("d", extra="NET")
    assert edited.requires("e", group="Dev")
    assert edited.requires("f", group="dev")
    assert not edited.requires("e")


def test_the_version_is_written_wherever_it_stands() -> None:
    both = document("[project]\nname = 'a'\nversion = '1' # one\n[tool.poetry]\nversion = \"1\"\n")
    both.set_version("2")
    neither = document("[project]\nname = 'a'\n")
    neither.set_version("2")

    assert both.text() == "[project]\nname = 'a'\nversion = '2' # one\n[tool.poetry]\nversion = \"2\"\n"
    assert neither.text() == "[project]\nname = 'a'\nversion = '2'\n"


def test_the_python_versions_are_written_wherever_they_stand() -> None:
    standard = document(HEAD)
    standard.set_python(">=3.11")
    older = document(POETRY + '[tool.poetry.dependencies]\npython = "^3.9" # old\n')
    older.set_python("^3.11")

    assert standard.text() == HEAD + 'requires-python = ">=3.11"\n'
    assert older.text() == POETRY + '[tool.poetry.dependencies]\npython = "^3.11" # old\n'


def test_a_source_is_added_changed_and_removed_without_a_trace() -> None:
    before = POETRY + '\n[tool.poetry.dependencies]\npython = "*"\n\n[tool.ruff]\nline-length = 9\n'
    edited = document(before)

    edited.add_source(Source("s", "https://example.org/s/", Priority.EXPLICIT))
    edited.add_source(Source("t", "https://example.org/t/"))
    with_both = edited.manifest().sources
    edited.add_source(Source("S", "https://example.org/u/", Priority.SUPPLEMENTAL))
    edited.remove_source("T")
    changed = edited.manifest().sources
    edited.remove_source("s")

    assert [source.name for source in with_both] == ["s", "t"]
    assert changed == (Source("s", "https://example.org/u/", Priority.SUPPLEMENTAL),)
    assert edited.text() == before


def test_a_source_in_an_inline_array_stays_inline() -> None:
    before = POETRY + 'source = [{name = "s", url = "https://example.org/s/"}]\n'
    edited = document(before)

    edited.add_source(Source("t", "https://example.org/t/"))
    assert [source.name for source in edited.manifest().sources] == ["s", "t"]
    edited.remove_source("t")

    assert edited.text() == before


def test_removing_an_unknown_source_is_an_error() -> None:
    with pytest.raises(NoSuchSource):
        document(POETRY).remove_source("s")


def test_new_lines_end_as_the_others_do() -> None:
    text = added((HEAD + 'dependencies = [\n    "x",\n]\n').replace("\n", "\r\n"), group="dev")

    assert "\n" not in text.replace("\r\n", "")


def test_only_a_changed_document_is_written(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(HEAD, encoding="utf-8")
    before = file.stat().st_ino

    edited = read_document(file)
    edited.write()
    assert file.stat().st_ino == before
    edited.add_requirement(IDNA)
    edited.write()

    assert "idna" in file.read_text(encoding="utf-8")


def test_a_file_with_mistakes_is_not_edited(tmp_path: Path) -> None:
    file = tmp_path / "pyproject.toml"
    file.write_text(HEAD + "dependencies = 1\n", encoding="utf-8")

    with pytest.raises(FileMistakes):
        read_document(file)

"""Adding a requirement to any project file, anywhere, and removing it again restores the file to the byte."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
import tomlkit
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.project.array_edits import with_entry, without_entry
from chapbook_core.project.document import Document
from chapbook_core.project.layout import read_layout
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin, IndexOrigin
from chapbook_core.requirements.requirement import Requirement, parse_requirement

FOLDER = Path(__file__).parents[1] / "data" / "projects"
FILES = sorted(file for file in FOLDER.glob("*.toml") if file.stem != "expected_hashes")

REQUIREMENTS = {
    "a constraint": Requirement("zebra", "Zebra", parse_constraint("^1.2")),
    "no constraint": Requirement("zebra", "Zebra"),
    "a choice that only Poetry's language has": Requirement("zebra", "Zebra", parse_constraint("<1 || ^1.2 || >=4,<5")),
    "an extra and a marker": parse_requirement('Zebra[stripes] >=1 ; python_version < "3.13"'),
    "a source": Requirement(
        "zebra", "Zebra", parse_constraint("^1"), origin=IndexOrigin("wheels"), allow_prereleases=True
    ),
    "a folder": Requirement("zebra", "Zebra", origin=DirectoryOrigin(Path("../zebra"), None, develop=True)),
    "a wheel": Requirement("zebra", "Zebra", origin=FileOrigin(Path("wheels/zebra-1.0-py3-none-any.whl"))),
    "a git address": parse_requirement("Zebra @ git+https://example.org/zebra.git@v1.0#subdirectory=python"),
    "a URL": parse_requirement("Zebra @ https://example.org/zebra-1.0-py3-none-any.whl"),
}

# A group, an extra or its table that its author left empty goes when the last requirement in it goes, as in Poetry:
# after the removal nothing tells that it was there before.
EMPTY_BEFORE = {
    ("standard_spaces_inside", "group", "test"),
    ("poetry_everything_empty", "extra", "new-extra"),
}


def places(file: Path) -> list[tuple[str, str]]:
    data = Document(file.read_bytes(), file).data
    project, poetry = (table if isinstance(table, dict) else {} for table in (data.get("project"), _poetry(data)))
    groups = [*_keys(data.get("dependency-groups")), *_keys(poetry.get("group"))]
    extras = [*_keys(project.get("optional-dependencies")), *_keys(poetry.get("extras"))]
    return [
        *(("group", group) for group in dict.fromkeys(["main", "brand-new", *groups])),
        *(("extra", extra) for extra in dict.fromkeys(["new-extra", *extras])),
    ]


def _poetry(data: object) -> object:
    tool = data.get("tool") if isinstance(data, dict) else None
    return tool.get("poetry") if isinstance(tool, dict) else None


def _keys(table: object) -> list[str]:
    return list(table) if isinstance(table, dict) else []


CASES = [(file, kind, name) for file in FILES for kind, name in places(file)]


def add(document: Document, requirement: Requirement, kind: str, name: str) -> None:
    if kind == "extra":
        document.add_requirement(requirement, extra=name)
    else:
        document.add_requirement(requirement, group=name)


@pytest.mark.parametrize(("file", "kind", "name"), CASES, ids=[f"{f.stem}-{k}-{n}" for f, k, n in CASES])
def test_adding_and_removing_restores_every_byte(file: Path, kind: str, name: str) -> None:
    content = file.read_bytes()
    for label, requirement in REQUIREMENTS.items():
        document = Document(content, file)
        add(document, requirement, kind, name)

        assert document.content() != content, label
        if kind == "extra":
            document.remove_requirement("ZEBRA", extra=name)
        else:
            document.remove_requirement("ZEBRA", group=name)
        assert (document.content() == content) == ((file.stem, kind, name) not in EMPTY_BEFORE), label


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_removing_without_naming_the_group_restores_every_byte(file: Path) -> None:
    content = file.read_bytes()
    document = Document(content, file)

    document.add_requirement(REQUIREMENTS["a constraint"], group="brand-new")
    document.add_requirement(REQUIREMENTS["a folder"])
    removed = document.remove_requirement("zebra")

    assert removed == ("main", "brand-new")
    assert document.content() == content


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_another_tools_editor_reads_and_prints_what_an_edit_left(file: Path) -> None:
    for kind, name in places(file):
        document = Document(file.read_bytes(), file)
        add(document, REQUIREMENTS["an extra and a marker"], kind, name)

        text = document.text().replace("\r\n", "\n")
        assert tomllib.loads(text) == tomlkit.parse(text).unwrap()
        assert text == tomlkit.dumps(tomlkit.parse(text))


@pytest.mark.parametrize(("file", "kind", "name"), CASES, ids=[f"{f.stem}-{k}-{n}" for f, k, n in CASES])
def test_what_was_added_is_read_back_as_it_was_meant(file: Path, kind: str, name: str) -> None:
    for label, requirement in REQUIREMENTS.items():
        document = Document(file.read_bytes(), file)
        add(document, requirement, kind, name)

        group = document.manifest().group("main" if kind == "extra" else name)
        assert group is not None
        [found] = [one for one in group.requirements if one.name == "zebra"]
        assert (found.constraint, found.marker, found.extras) == (
            requirement.constraint,
            requirement.marker,
            requirement.extras,
        ), label
        assert type(found.origin) is type(requirement.origin), label
        assert bool(found.in_extras) == (kind == "extra"), label


GAPS = st.text(alphabet=" \t\n", max_size=3)
COMMENTS = st.sampled_from(["", "", "", "# why\n", '  # "no", really\n'])
VALUES = st.sampled_from(['"a"', "'b'", '"c # d"', '"]"', "[1, 2]", '{k = "v"}', '"""x"""'])


@st.composite
def arrays(draw: st.DrawFn) -> str:
    """Any array that TOML allows, however odd its layout."""
    parts = ["["]
    values = draw(st.lists(VALUES, max_size=4))
    for index, value in enumerate(values):
        parts += [draw(GAPS), draw(COMMENTS), draw(GAPS), value, draw(GAPS), draw(COMMENTS)]
        if index < len(values) - 1 or draw(st.booleans()):
            parts.append(",")
    return "".join([*parts, draw(GAPS), draw(COMMENTS), draw(GAPS), "]"])


@settings(deadline=None, max_examples=300)
@given(arrays(), st.sampled_from(["\n", "\r\n"]))
def test_an_entry_leaves_an_array_of_any_layout_as_it_found_it(array: str, newline: str) -> None:
    text = f"before = 1\nk = {array}\nafter = 2\n".replace("\n", newline)
    node = read_layout(text).find(("k",))
    assert node is not None

    edited = with_entry(text, node, '"zebra"', newline)

    assert tomllib.loads(edited)["k"] == [*tomllib.loads(text)["k"], "zebra"]
    grown = read_layout(edited).find(("k",))
    assert grown is not None
    assert edited[grown.children[-1].start : grown.children[-1].end] == '"zebra"'
    assert without_entry(edited, grown, len(grown.children) - 1) == text


@settings(deadline=None, max_examples=300)
@given(arrays(), st.data())
def test_taking_out_any_entry_leaves_the_others(array: str, data: st.DataObject) -> None:
    text = f"k = {array}\nafter = 2\n"
    node = read_layout(text).find(("k",))
    assert node is not None
    before = tomllib.loads(text)["k"]
    if not before:
        return
    index = data.draw(st.integers(0, len(before) - 1))

    after = tomllib.loads(without_entry(text, node, index))

    assert after == {"k": before[:index] + before[index + 1 :], "after": 2}

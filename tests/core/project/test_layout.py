"""The map of a TOML text, against what the text means."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from chapbook_core.project.layout import Layout, read_layout

FOLDER = Path(__file__).parents[2] / "data" / "projects"
FILES = sorted(FOLDER.glob("*.toml"))


def value_at(data: object, path: tuple[str | int, ...]) -> object:
    for part in path:
        assert isinstance(data, dict | list)
        data = data[part]  # type: ignore[index]  # the path was read from the same text
    return data


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_every_value_stands_where_the_map_says(file: Path) -> None:
    text = file.read_bytes().decode()
    data = tomllib.loads(text)
    layout = read_layout(text)

    nodes = list(layout.nodes())
    assert nodes or not data or layout.sections[1:]
    for node in nodes:
        written = text[node.start : node.end]
        assert tomllib.loads(f"k = {written}")["k"] == value_at(data, node.path)


def leaves(data: object, path: tuple[str | int, ...] = ()) -> set[tuple[str | int, ...]]:
    """Return the path of everything that is no table of tables."""
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    inner = {found for key, value in items for found in leaves(value, (*path, key))}
    return inner or ({path} if not isinstance(data, dict) or not path else set())


@pytest.mark.parametrize("file", FILES, ids=[file.stem for file in FILES])
def test_no_value_is_missing_from_the_map(file: Path) -> None:
    text = file.read_bytes().decode()

    found = {node.path for node in read_layout(text).nodes()}

    assert leaves(tomllib.loads(text)) <= found | {()}


def layout() -> Layout:
    return read_layout(
        '# one\n[project]\nname = "a"\nlist = [\n  1,\n  2, # three\n]\n\n'
        '[[tool.x]]\na.b = 1\n[[tool.x]]\na.b = """\n[no]\n"""\n'
        "[tool.x.'q.r']\nc = {d = [true]}\n"
    )


@pytest.mark.parametrize(
    ("path", "line"),
    [
        (("project",), 2),
        (("project", "name"), 3),
        (("project", "list", 1), 6),
        (("project", "absent"), 2),
        (("tool", "x", 0, "a", "b"), 10),
        (("tool", "x", 1, "a"), 12),
        (("tool", "x", 1, "q.r", "c", "d", 0), 16),
        (("nowhere",), None),
    ],
)
def test_a_path_has_the_line_it_is_written_in(path: tuple[str | int, ...], line: int | None) -> None:
    assert layout().line(path) == line

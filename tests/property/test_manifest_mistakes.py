"""No value of a wrong type anywhere in a project file is more than a mistake."""

from __future__ import annotations

import tomllib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.project.manifest import parse_manifest
from chapbook_core.project.toml_text import Value, key_text, value_text

FOLDER = Path(__file__).parents[1] / "data" / "projects"
TEXTS = [file.read_bytes().decode() for file in sorted(FOLDER.glob("*.toml")) if file.stem != "expected_hashes"]

ODD: st.SearchStrategy[Value] = st.recursive(
    st.sampled_from([True, 0, -1, "", " ", "*", "a", ">>1", "é", "a b", "../x", "main", "python", "https://u:p@e/"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(["a", "include-group", ""]), inner),
    max_leaves=3,
)


def paths(value: object, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(found for key, inner in items for found in paths(inner, (*path, key)))]


def replaced(value: Value, path: tuple[str | int, ...], odd: Value) -> Value:
    if not path:
        return odd
    if isinstance(value, dict):
        return {key: replaced(inner, path[1:], odd) if key == path[0] else inner for key, inner in value.items()}
    assert isinstance(value, list)
    return [replaced(inner, path[1:], odd) if index == path[0] else inner for index, inner in enumerate(value)]


@settings(deadline=None, max_examples=400)
@given(st.sampled_from(TEXTS), st.data())
def test_a_wrong_value_is_told_and_never_crashes(text: str, data: st.DataObject) -> None:
    whole: dict[str, Value] = tomllib.loads(text)
    path = data.draw(st.sampled_from(paths(whole)[1:]))
    changed = replaced(whole, path, data.draw(ODD))
    assert isinstance(changed, dict)
    content = "\n".join(f"{key_text(key)} = {value_text(value)}" for key, value in changed.items()).encode()

    manifest, mistakes = parse_manifest(content, Path("/somewhere/pyproject.toml"))

    assert manifest is not None or mistakes
    for mistake in mistakes:
        assert mistake.message
        assert mistake.line is not None or not mistake.place

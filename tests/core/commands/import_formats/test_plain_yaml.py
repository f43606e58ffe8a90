"""YAML, as far as environments are written in it."""

from __future__ import annotations

import pytest

from chapbook_core.commands.import_formats.plain_yaml import Item, UnknownYaml, read_plain_yaml


def test_yaml_is_read_as_far_as_environments_need_it() -> None:
    text = "a: 1 # one\nb:\n- \"x: y\"\n- c:\n  - d\n  - 'it''s'\nlist: [p, \"q\"]\ntable:\n  k: v\n"
    assert read_plain_yaml(text) == {
        "a": Item(1, "1"),
        "b": Item(2, "", (Item(3, "x: y"), Item(4, "c", (Item(5, "d"), Item(6, "it's"))))),
        "list": Item(7, '[p, "q"]', (Item(7, "p"), Item(7, "q"))),
        "table": Item(8, ""),
    }


@pytest.mark.parametrize(("text", "line"), [("a: 1\nb\n", 2), ("a: {b: 1}\n", 1), ("a:\n  - 'x\n", 2), ("  a: 1", 1)])
def test_other_yaml_is_refused_with_its_line(text: str, line: int) -> None:
    with pytest.raises(UnknownYaml) as raised:
        read_plain_yaml(text)
    assert line == raised.value.line

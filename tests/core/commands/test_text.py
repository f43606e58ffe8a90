from __future__ import annotations

from enum import Enum
from pathlib import Path

from chapbook_core.commands.report import (
    Blank,
    Block,
    Change,
    Heading,
    Line,
    Message,
    Node,
    Result,
    Span,
    Table,
    Tree,
    Verbatim,
    as_data,
)
from chapbook_core.commands.text import Writing, write_text
from chapbook_core.value import frozen


def test_lines_of_more_detail_are_shown_to_the_verbose() -> None:
    blocks = [Line("always"), Line("sometimes", detail=1)]
    assert write_text(blocks) == "always\n"
    assert write_text(blocks, Writing(verbosity=1)) == "always\nsometimes\n"


def test_styles_are_colours_only_when_asked_for() -> None:
    line = Line(("made ", Span("x", "name"), "!"))
    assert write_text([line]) == "made x!\n"
    assert write_text([line], Writing(ansi=True)) == "made \x1b[36mx\x1b[0m!\n"


def test_a_message_has_its_level_before_every_line_and_its_hints_below() -> None:
    message = Message("error", "one\ntwo", ("do this",))
    assert write_text([message]) == "error: one\nerror: two\nhint: do this\n"


def test_messages_name_the_program_that_the_person_uses() -> None:
    message = Message("warning", "stale", ("run `chapbook lock`",))
    assert write_text([message], Writing(program="%poetry")) == "warning: stale\nhint: run `%poetry lock`\n"


def test_columns_are_as_wide_as_their_widest_cell_on_screen() -> None:
    table = Table((("a", "1"), ("日本", "2"), ("abc", "")), columns=("name", "no"), indent=2)
    assert write_text([table]) == "  name  no\n  a     1\n  日本  2\n  abc\n"


def test_a_tree_is_drawn_with_branches() -> None:
    tree = Tree((Node("root", (Node("a", (Node("b"),)), Node("c"))),))
    assert write_text([tree]) == "root\n├── a\n│   └── b\n└── c\n"


def test_twins_in_a_tree_are_told_apart_by_place() -> None:
    tree = Tree((Node("root", (Node("a"), Node("a"))),))
    assert write_text([tree]) == "root\n├── a\n└── a\n"


def test_changes_show_what_was_and_what_is() -> None:
    changes: list[Block] = [
        Change("add", "idna", after="3.7"),
        Change("update", "six", "1.15", "1.16", "yanked"),
        Change("remove", "old", "1"),
    ]
    assert write_text(changes) == "+ idna 3.7\n~ six 1.15 -> 1.16 (yanked)\n- old 1\n"


def test_a_version_that_stays_is_told_once() -> None:
    change = Change("reinstall", "six", "1.16", "1.16", "its files are incomplete")
    assert write_text([change]) == "~ six 1.16 (its files are incomplete)\n"


def test_the_other_blocks_are_what_they_hold() -> None:
    assert write_text([Heading("top"), Blank(), Verbatim("[a]\nb = 1\n", "toml")]) == "top\n\n[a]\nb = 1\n"


class Colour(Enum):
    RED = "red"


@frozen
class Inner:
    path: Path
    colour: Colour


@frozen
class Outer(Result):
    inner: tuple[Inner, ...]
    names: frozenset[str]
    table: dict[str, int | None]

    def report(self) -> tuple[Block, ...]:
        return ()


def test_every_result_can_become_json() -> None:
    result = Outer((Inner(Path("a/b"), Colour.RED),), frozenset({"y", "x"}), {"k": None, "l": 2})
    assert as_data(result) == {
        "inner": [{"path": "a/b", "colour": "red"}],
        "names": ["x", "y"],
        "table": {"k": None, "l": 2},
    }


def test_what_a_terminal_would_obey_is_shown() -> None:
    evil = "\x1b[31mred\x1b]0;title\x07 \x9b2J \u202etxt\u2069 a\rb"
    shown = "\\u001b[31mred\\u001b]0;title\\u0007 \\u009b2J \\u202etxt\\u2069 a\\u000db"
    table = Table(((Span(evil, "name"), "x"),))
    text = write_text([Line(evil), Message("error", evil, (evil,)), table, Change("add", evil)])
    assert text.count(shown) == 5
    assert all(letter.isprintable() or letter == "\n" for letter in text)
    assert write_text([Line(Span(evil, "bad"))], Writing(ansi=True)) == f"\x1b[31m{shown}\x1b[0m\n"


def test_columns_stay_in_line_below_what_is_shown() -> None:
    first, second = write_text([Table((("a\x1b", "x"), ("bb", "y")))]).splitlines()
    assert first.index("x") == second.index("y")

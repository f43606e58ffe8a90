from __future__ import annotations

import pytest

from chapbook.magics.words import Command, UnclosedQuote, cell_commands, expanded, split_words, without_comment


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("add pandas", ["add", "pandas"]),
        ("add 'pandas >=2, <3'", ["add", "pandas >=2, <3"]),
        ('add "a b" c', ["add", "a b", "c"]),
        ("add pandas[excel]>=2;python_version<'4'", ["add", "pandas[excel]>=2;python_version<4"]),
        ("add git+https://example.org/a.git#main", ["add", "git+https://example.org/a.git#main"]),
        (r"add a\ b", ["add", "a b"]),
        (
            "run echo $(id) | cat && `id` > x * ?",
            ["run", "echo", "$(id)", "|", "cat", "&&", "`id`", ">", "x", "*", "?"],
        ),
        ("add ''", ["add", ""]),
    ],
)
def test_words_are_split_as_a_shell_would_and_nothing_else_has_a_meaning(text: str, words: list[str]) -> None:
    assert split_words(text) == words


def test_a_quotation_mark_that_is_never_closed_is_a_mistake() -> None:
    with pytest.raises(UnclosedQuote):
        split_words("add 'pandas")


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("add a  # for tables", "add a"),
        ("# nothing", ""),
        ("add 'a # b' # c", "add 'a # b'"),
        ("add git+https://example.org/a#b", "add git+https://example.org/a#b"),
        (r"add \# a", r"add \# a"),
    ],
)
def test_a_comment_begins_where_a_word_would(text: str, left: str) -> None:
    assert without_comment(text) == left


def test_a_cell_holds_a_command_a_line_and_says_which() -> None:
    body = "\n# first\nadd a\n\nadd \\\n  b   # both\n   remove c\n"
    assert cell_commands("", body) == ("", [Command(4, "add a"), Command(6, "add b"), Command(8, "remove c")])


def test_behind_the_name_of_the_cell_magic_stand_options_for_all_or_a_first_command() -> None:
    assert cell_commands("--quiet", "add a") == ("--quiet", [Command(2, "add a")])
    assert cell_commands("add b", "add a") == ("", [Command(1, "add b"), Command(2, "add a")])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("add $name", ["add", "pandas"]),
        ("add {name}", ["add", "pandas"]),
        ("add {name.upper()}=={1 + 1}", ["add", "PANDAS==2"]),
        ("add $names", ["add", "a", "b c"]),
        ("add {names}", ["add", "a", "b c"]),
        ("add $$name", ["add", "$name"]),
        ("add '$name'", ["add", "$name"]),
        ("add $unknown $name", ["add", "$unknown", "$name"]),
        ("run python -c 'print({})'", ["run", "python", "-c", "print({})"]),
    ],
)
def test_variables_are_put_in_as_everywhere_in_ipython_and_lists_as_several_words(text: str, words: list[str]) -> None:
    names = {"name": "pandas", "names": ["a", "b c"]}
    assert split_words(expanded(text, names)) == words

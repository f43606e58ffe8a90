from __future__ import annotations

import re

import pytest

from chapbook_core.commands.command import Argument, Command, Example, Invocation, Option
from chapbook_core.commands.foreign_words import WHAT_DOES_THE_SAME, WHICH_DOES_THE_SAME, same_option
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.words import Manner, Request, parse
from chapbook_core.errors import UsageError

EXAMPLES = (Example("x", "does it"),)
SHOW = Command(
    "show",
    "show it",
    "nowhere:run",
    EXAMPLES,
    arguments=(Argument("package", "the package", required=False, repeated=True),),
    options=(
        Option("tree", "as a tree", short="t"),
        Option("top-level", "only these"),
        Option("only", "groups", value="GROUPS", repeated=True, commas=True),
        Option("format", "how", short="f", value="FORMAT", choices=("text", "json")),
    ),
    exclusive=(frozenset({"tree", "top-level"}),),
)
RUN = Command(
    "run", "run it", "nowhere:run", EXAMPLES, arguments=(Argument("words", "it", repeated=True, verbatim=True),)
)
NEW = Command("new", "make it", "nowhere:run", EXAMPLES, arguments=(Argument("path", "where"),))
SOURCE_ADD = Command("source add", "add it", "nowhere:run", EXAMPLES, arguments=(Argument("name", "its name"),))
SOURCE_SHOW = Command("source show", "show it", "nowhere:run", EXAMPLES)
COMMANDS = {command.name: command for command in (SHOW, RUN, NEW, SOURCE_ADD, SOURCE_SHOW)}


def read(line: str) -> Request:
    return parse(line.split(), COMMANDS)


def invocation(line: str) -> Invocation:
    found = read(line).invocation
    assert found is not None
    return found


def mistakes(line: str) -> tuple[list[str], tuple[str, ...]]:
    with pytest.raises(UsageError) as caught:
        read(line)
    assert caught.value.exit_status == 2
    return caught.value.message.splitlines(), caught.value.hints


def test_no_words_ask_for_nothing() -> None:
    assert read("") == Request(Manner())


@pytest.mark.parametrize(
    "line",
    [
        "show -f json --tree a b",
        "show a --format=json b -t",
        "show -tf json a b",
        "show -tfjson a b",
        "show -tf=json a b",
    ],
)
def test_options_stand_anywhere_and_in_every_spelling(line: str) -> None:
    assert invocation(line).values == {"tree": True, "format": "json", "package": ("a", "b")}


def test_lists_with_commas_and_repetition_add_up() -> None:
    assert invocation("show --only dev,docs --only=test,").texts("only") == ("dev", "docs", "test")


def test_after_two_dashes_nothing_is_an_option() -> None:
    assert invocation("show -- -t --tree").values == {"package": ("-t", "--tree")}


def test_the_words_of_another_program_are_left_alone() -> None:
    assert invocation("run -q python -v --version -- x").texts("words") == ("python", "-v", "--version", "--", "x")
    assert read("run -q python -v").manner == Manner(quiet=True)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("-v show", Manner(verbosity=1)),
        ("show -vvv", Manner(verbosity=3)),
        ("show --verbose -v", Manner(verbosity=2)),
        ("-qn show --no-cache", Manner(quiet=True, interactive=False, cache=False)),
        ("show --ansi", Manner(ansi=True)),
        ("--no-ansi show", Manner(ansi=False)),
        ("-P a show -C=b", Manner(project="a", directory="b")),
        ("--project=a show --directory b", Manner(project="a", directory="b")),
    ],
)
def test_global_options_stand_before_and_after_the_command(line: str, expected: Manner) -> None:
    assert read(line).manner == expected


def test_help_needs_no_arguments_and_forgives_mistakes() -> None:
    assert read("new --help --nonsense") == Request(Manner(help=True), "new")
    assert read("source -h") == Request(Manner(help=True), "source")


def test_foreign_words_are_none_of_ours_and_name_commands_that_are() -> None:
    for word, hint in WHAT_DOES_THE_SAME.items():
        assert word not in BY_NAME
        for named in re.findall(r"`chapbook ([^`]*)`", hint):
            assert any(named == name or named.startswith(f"{name} ") for name in BY_NAME), named


def test_foreign_options_are_told_what_does_the_same_in_this_command() -> None:
    def hints(*words: str) -> tuple[str, ...]:
        with pytest.raises(UsageError) as caught:
            parse(words, BY_NAME)
        return caught.value.hints

    assert hints("install", "--no-dev")[0] == "use `--without dev`, or `--only main`"
    assert hints("add", "-r", "requirements.txt")[0] == "run `chapbook import FILE`"
    assert hints("add", "a", "--no-sync")[0] == "use `--lock`, which installs nothing"
    assert not any("--lock`" in hint for hint in hints("show", "--no-sync"))
    options = {option.name for command in BY_NAME.values() for option in command.options}
    for word, hint in WHICH_DOES_THE_SAME.items():
        assert same_option(word if word.startswith("-") else f"--{word}", options) == hint
        for named in re.findall(r"`chapbook ([^`]*)`", hint):
            assert any(named == name or named.startswith(f"{name} ") for name in BY_NAME), named


def test_help_of_an_unknown_command_is_a_mistake() -> None:
    assert mistakes("nwe --help")[0] == ["there is no command `nwe`"]


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("shwo", "there is no command `shwo`", "did you mean `show`?"),
        ("sourc add x", "there is no command `sourc`", "did you mean `source`?"),
        ("source ad x", "there is no command `source ad`", "did you mean `source add`?"),
        ("source zzz", "there is no command `source zzz`", "`source` has: add, show"),
        ("qqq", "there is no command `qqq`", "run `chapbook list` to see the commands"),
        ("uninstall x", "there is no command `uninstall`", "run `chapbook remove`"),
        ("self show", "there is no command `self`", WHAT_DOES_THE_SAME["self"]),
        (
            "source",
            "`source` needs to know what to do: add, show",
            "run `chapbook source --help` to see how it is used",
        ),
        ("show --tre", "`show` has no option `--tre`", "did you mean `--tree`?"),
        ("show -tx", "`show` has no option `-x` in `-tx`", "run `chapbook show --help` to see how it is used"),
        ("--tree show", "unknown option `--tree`", "the options of a command stand after its name"),
        ("show --tree=yes", "the option `--tree` takes no value, but `--tree=yes` gives one", ""),
        ("show --format", "the option `--format` needs a value", ""),
        (
            "show --only --tree",
            "the option `--only` needs a value, but `--tree` follows",
            "for a value that begins with a dash write `--only=--tree`",
        ),
        ("show --format yaml", "the option `--format` does not know `yaml`", "`--format` is one of: text, json"),
        ("show -f json -f text", "the option `-f` is given twice", ""),
        ("show --tree --top-level", "`--tree` and `--top-level` exclude each other", ""),
        ("new", "`new` needs a PATH: where", "run `chapbook new --help` to see how it is used"),
        ("new a b c", "`new` does not know what to do with `b`, `c`", ""),
        ("new --nmae b c", "`new` has no option `--nmae`", ""),
    ],
)
def test_a_mistake_is_named_with_its_remedy(line: str, message: str, hint: str) -> None:
    messages, hints = mistakes(line)
    assert messages == [message]
    assert not hint or hint in hints


def test_all_mistakes_are_told_at_once() -> None:
    messages, _ = mistakes("new --frist --secnod")
    assert messages == ["`new` has no option `--frist`", "`new` has no option `--secnod`", "`new` needs a PATH: where"]


def test_asking_for_what_is_not_declared_is_a_bug() -> None:
    with pytest.raises(KeyError, match="declares no 'forest'"):
        invocation("show").flag("forest")


def test_two_words_in_one_are_no_command() -> None:
    with pytest.raises(UsageError) as caught:
        parse(["show a"], COMMANDS)
    assert caught.value.hints == ("run `chapbook list` to see the commands",)

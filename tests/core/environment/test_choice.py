from __future__ import annotations

import pytest

from chapbook_core.environment.choice import (
    InterpreterDoesNotFit,
    NoFittingInterpreter,
    choose,
    is_asked,
    names_version,
    pick,
)
from chapbook_core.requirements.constraint import ANY, parse_constraint
from tests.fakes.interpreter import interpreter

FREE_THREADED = interpreter("3.13.2", "/opt/free/bin/python", is_free_threaded=True)
FOUND = (
    interpreter("3.11.2", "/usr/bin/python3.11"),
    interpreter("3.11.7"),
    interpreter("3.12.1"),
    interpreter("3.10.13"),
    interpreter("3.14.0rc1"),
    interpreter("3.10.14", implementation="pypy"),
    FREE_THREADED,
    interpreter("3.13.0"),
)


@pytest.mark.parametrize(
    ("python", "preferred", "expected"),
    [
        (">=3.9", (3, 11), "3.11.7"),
        (">=3.9", (3, 12), "3.12.1"),
        (">=3.12", (3, 11), "3.13.0"),
        ("<3.11", (3, 12), "3.10.13"),
        ("<3.11.5", (3, 11), "3.11.2"),
        (">=3.14.0rc1", (3, 11), "3.14.0rc1"),
        (">3.13.1,<3.14", (3, 11), "3.13.2"),
    ],
)
def test_the_preferred_minor_version_wins_then_the_newest_that_fits(
    python: str, preferred: tuple[int, int], expected: str
) -> None:
    assert expected == choose(FOUND, parse_constraint(python), preferred).version


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ("3.12", "3.12.1"),
        ("python3.12", "3.12.1"),
        ("3.11.2", "3.11.2"),
        ("3", "3.11.7"),
        ("3.14", "3.14.0rc1"),
        ("pypy3.10", "3.10.14"),
        ("3.13t", "3.13.2"),
        ("3.13", "3.13.0"),
    ],
)
def test_a_version_may_be_asked_for(asked: str, expected: str) -> None:
    assert names_version(asked)
    assert expected == pick(asked, FOUND, ANY, (3, 11)).version


@pytest.mark.parametrize("text", ["python", "system", "", "3.x", "conda", "3.12.1.5", "-"])
def test_other_words_name_no_version(text: str) -> None:
    assert not names_version(text)
    assert not is_asked(text, FOUND[0])


def test_the_error_says_which_were_found() -> None:
    with pytest.raises(NoFittingInterpreter) as raised:
        choose(FOUND[:2], parse_constraint(">=3.15"), (3, 11))
    assert "no Python of this machine fits the project, which allows `>=3.15`" == raised.value.message
    assert (
        "found: CPython 3.11.2 (`/usr/bin/python3.11`), CPython 3.11.7 (`/opt/cpython-3.11.7/bin/python`)",
        "install one, or name its program: `chapbook env use PATH`",
    ) == raised.value.hints


def test_a_long_list_is_cut() -> None:
    many = tuple(interpreter(f"3.9.{patch}") for patch in range(15))
    with pytest.raises(NoFittingInterpreter) as raised:
        pick("3.12", many, ANY, (3, 11))
    assert raised.value.hints[0].endswith(" and 3 more")


def test_an_asked_python_that_the_project_does_not_allow_is_named() -> None:
    with pytest.raises(InterpreterDoesNotFit, match=r"CPython 3\.10\.13 .* that the project allows: >=3\.11"):
        pick("3.10", FOUND, parse_constraint(">=3.11"), (3, 11))

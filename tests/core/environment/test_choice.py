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


def test_the_error_lists_what_was_found_the_newest_first() -> None:
    with pytest.raises(NoFittingInterpreter) as raised:
        choose(FOUND, parse_constraint(">=3.15"), (3, 11))
    assert "no Python of this machine fits the project, which allows `>=3.15`" == raised.value.message
    listed, hint = raised.value.hints
    assert [
        "the Pythons of this machine are:",
        "  CPython 3.14.0rc1               /opt/cpython-3.14.0rc1/bin/python",
        "  CPython 3.13.2 (free-threaded)  /opt/free/bin/python",
        "  CPython 3.13.0                  /opt/cpython-3.13.0/bin/python",
        "  CPython 3.12.1                  /opt/cpython-3.12.1/bin/python",
        "  CPython 3.11.7                  /opt/cpython-3.11.7/bin/python",
        "  CPython 3.11.2                  /usr/bin/python3.11",
        "  PyPy 3.10.14                    /opt/pypy-3.10.14/bin/python",
        "  CPython 3.10.13                 /opt/cpython-3.10.13/bin/python",
    ] == listed.splitlines()
    assert "install one, or name its program: `chapbook env use PATH`" == hint


def test_a_python_with_several_programs_is_listed_once_by_its_first() -> None:
    programs = ("/opt/a/bin/python3.12", "/opt/a/bin/python3", "/opt/b/bin/python3.12", "/opt/a/bin/python")
    with pytest.raises(NoFittingInterpreter) as raised:
        pick("3.99", [interpreter("3.12.1", program) for program in programs], ANY, (3, 11))
    assert [
        "  CPython 3.12.1  /opt/a/bin/python3.12",
        "  CPython 3.12.1  /opt/b/bin/python3.12",
    ] == raised.value.hints[0].splitlines()[1:]


def test_a_long_list_is_cut() -> None:
    many = tuple(interpreter(f"3.9.{patch}") for patch in range(15))
    with pytest.raises(NoFittingInterpreter) as raised:
        pick("3.12", many, ANY, (3, 11))
    lines = raised.value.hints[0].splitlines()
    assert len(lines) == 14
    assert "  CPython 3.9.14  /opt/cpython-3.9.14/bin/python" == lines[1]
    assert "  and 3 more" == lines[-1]


def test_a_machine_without_a_python_is_told() -> None:
    with pytest.raises(NoFittingInterpreter) as raised:
        pick("3.12", (), ANY, (3, 11))
    assert "none was found at all" == raised.value.hints[0]


def test_an_asked_python_that_the_project_does_not_allow_is_named() -> None:
    with pytest.raises(InterpreterDoesNotFit, match=r"CPython 3\.10\.13 .* that the project allows: >=3\.11"):
        pick("3.10", FOUND, parse_constraint(">=3.11"), (3, 11))

from __future__ import annotations

import random
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest
from poetry.core.constraints.version import parse_constraint as poetry_constraint
from poetry.core.version.markers import parse_marker as poetry_marker

from chapbook_core.requirements.comparison_words import releases_of
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import ALWAYS as EVERYWHERE
from chapbook_core.requirements.marker import parse_marker, python_marker
from chapbook_core.requirements.marker_wording import (
    NEVER,
    TooManyWords,
    Wording,
    all_of,
    any_of,
    text_of,
    within,
    without_extras,
    wording_of,
)
from chapbook_core.requirements.release_agreement import agree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.requirements.marker import Marker

PYTHON = python_marker(parse_constraint(">=3.9,<4.0"))
COMPARISONS = [
    'python_version < "3.10"',
    'python_version >= "3.10"',
    'python_version == "3.11"',
    'python_full_version < "3.11.3"',
    'python_version >= "3.12"',
    'sys_platform == "win32"',
    'sys_platform != "win32"',
    'sys_platform == "linux"',
    'platform_system == "Windows"',
    'platform_machine == "x86_64"',
    'os_name == "nt"',
    'implementation_name != "pypy"',
    'extra == "a"',
    'extra == "b"',
]


def read(text: str) -> Wording:
    wording = wording_of(text)
    assert wording is not None
    return wording


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ('os_name == "nt"', 'platform_system == "Windows"', 'os_name == "nt" or platform_system == "Windows"'),
        ('sys_platform != "win32"', 'sys_platform == "win32"', ""),
        ('python_version == "3.10"', 'python_version >= "3.11"', 'python_version >= "3.10"'),
        ('python_full_version <= "3.11.0a6"', 'python_version < "3.11"', 'python_version < "3.11"'),
        ('os_name == "nt" and extra == "a"', 'extra == "a"', 'extra == "a"'),
        (
            'os_name == "nt" and extra == "a"',
            'os_name == "nt" and extra == "b"',
            'os_name == "nt" and (extra == "a" or extra == "b")',
        ),
    ],
)
def test_one_or_the_other_keeps_the_words_of_both(first: str, second: str, expected: str) -> None:
    assert expected == text_of(any_of(read(first), read(second)))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ('sys_platform != "win32"', 'sys_platform == "linux"', 'sys_platform == "linux"'),
        ('python_version >= "3.10"', 'python_version < "3.11"', 'python_version == "3.10"'),
        (
            'sys_platform == "win32"',
            'os_name == "nt" or extra == "a"',
            '(os_name == "nt" or extra == "a") and sys_platform == "win32"',
        ),
    ],
)
def test_both_merge_where_one_comparison_says_it(first: str, second: str, expected: str) -> None:
    assert expected == text_of(all_of(read(first), read(second)))


def test_what_the_project_knows_of_its_python_is_left_out() -> None:
    cuts = releases_of(python_marker(parse_constraint(">=3.10,<3.14")))
    assert text_of(within(read('python_version < "3.11"'), cuts)) == 'python_version == "3.10"'
    assert text_of(within(read('python_version >= "3.9" and os_name == "nt"'), cuts)) == 'os_name == "nt"'
    assert within(read('python_version < "3.10" and os_name == "nt"'), cuts) == NEVER


def test_extras_can_be_left_out() -> None:
    assert text_of(without_extras(read('os_name == "nt" and extra == "a"'))) == 'os_name == "nt"'
    assert text_of(without_extras(read('os_name == "nt" or extra == "a"'))) == ""


def test_released_pythons_agree_where_only_candidates_differ() -> None:
    early, late = parse_marker('python_full_version <= "3.11.0a6"'), parse_marker('python_version < "3.11"')
    assert early != late
    assert agree(early, late, EVERYWHERE)
    assert not agree(parse_marker('python_full_version < "3.11.1"'), late, EVERYWHERE)
    assert not agree(late, parse_marker('os_name == "nt"'), EVERYWHERE)
    assert agree(late, parse_marker('python_version < "3.12"'), parse_marker('python_version < "3.11"'))


def random_marker(chance: random.Random) -> str:
    terms = (
        " and ".join(chance.choices(COMPARISONS, k=chance.choice((1, 1, 2, 3))))
        for _ in range(chance.choice((1, 1, 2)))
    )
    return " or ".join(terms)


def joined(first: str, second: str) -> Iterator[tuple[Wording, Marker, str, Marker]]:
    """Yield our words, the meaning, Poetry's words, and where all that holds."""
    poetry = poetry_marker(first), poetry_marker(second)
    meaning, other = parse_marker(first), parse_marker(second)
    yield all_of(read(first), read(second)), meaning & other, str(poetry[0].intersect(poetry[1])), EVERYWHERE
    yield any_of(read(first), read(second)), meaning | other, str(poetry[0].union(poetry[1])), EVERYWHERE
    python = poetry_constraint(">=3.9,<4.0")
    yield within(read(first), releases_of(PYTHON)), meaning, str(poetry[0].reduce_by_python_constraint(python)), PYTHON


def test_joined_words_mean_what_the_algebra_says_and_mostly_read_as_poetry_has_them() -> None:
    chance = random.Random(7)
    same = tried = 0
    for _ in range(120):
        first, second = random_marker(chance), random_marker(chance)
        with suppress(TooManyWords):
            for wording, meaning, theirs, under in joined(first, second):
                ours = "<empty>" if wording == NEVER else text_of(wording)
                marker = parse_marker('python_version < "0"' if wording == NEVER else ours)
                assert agree(marker, meaning, under), (first, second)
                tried += 1
                same += ours == theirs
    assert same > 0.9 * tried > 300

from __future__ import annotations

import pytest
from poetry.core.version.markers import parse_marker as poetry_marker

from chapbook_core.requirements.marker_spelling import spelled

ORDINARY = [
    "sys_platform == 'win32'",
    'python_version>="3.8"',
    "platform_system == 'Windows' and implementation_name != 'pypy'",
    'os_name != "nt" and python_version < "3" and platform_python_implementation == "CPython"',
    "(os_name != 'nt' or python_version >= '3') and platform_python_implementation != 'CPython'",
    "sys_platform != 'win32' and (sys_platform != 'emscripten')",
    'python_version < "3.0"',
    "python_version not in '3.8, 3.9'",
    "platform_machine in 'x86_64 AMD64'",
    "extra == 'Test_Extra'",
    "sys_platform == 'darwin' and extra == 'dev'",
]


@pytest.mark.parametrize("text", ORDINARY)
def test_the_text_is_the_one_that_poetry_writes(text: str) -> None:
    assert str(poetry_marker(text)) == spelled(text, extras=True)


@pytest.mark.parametrize("text", ORDINARY)
def test_without_extras_it_is_what_poetry_leaves(text: str) -> None:
    assert str(poetry_marker(text).without_extras()) == spelled(text, extras=False)


def test_a_reversed_comparison_is_turned_round() -> None:
    assert 'python_version >= "3.8"' == spelled('"3.8" <= python_version', extras=True)


def test_an_extra_on_one_of_two_ways_leaves_no_single_text() -> None:
    assert spelled("extra == 'a' or os_name == 'nt' and extra == 'b'", extras=False) is None


@pytest.mark.parametrize("text", ["", "os_name ==", "os_name == 'a' os_name == 'b'", "(os_name == 'a'", "'a' == 'b'"])
def test_what_is_no_ordinary_marker_is_left_to_the_algebra(text: str) -> None:
    assert spelled(text, extras=True) is None

from __future__ import annotations

import pytest
from packaging.markers import Marker
from packaging.specifiers import SpecifierSet

from chapbook_core.index.requirement_repair import repair_marker, repair_requirement, repair_specifier
from chapbook_core.index.specifier import read_requires_python
from chapbook_core.requirements.constraint import ANY, parse_constraint


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (">=3.6.*", ">=3.6"),
        (">=3.6.*,<4.*", ">=3.6,<4"),
        ("<=3.7.*", "<=3.7"),
        (">2.7.*,!=3.0.*", ">2.7,!=3.0.*"),
        ("!=3.0*,!=3.1*", "!=3.0.*,!=3.1.*"),
        (">=2.7,!=3.0*", ">=2.7,!=3.0.*"),
        (">=3*", ">=3"),
        (">=1.9.2<1.9.4", ">=1.9.2,<1.9.4"),
        (">=1.0 <2.0", ">=1.0,<2.0"),
        (">=3.6.,<4.", ">=3.6,<4"),
        ("'>=3.6'", ">=3.6"),
        ('>="3.6"', ">=3.6"),
        (">=\u20183.6\u2019", ">=3.6"),
        ("> =3.6", ">=3.6"),
        ("=>3.6", ">=3.6"),
        ("=<3.6", "<=3.6"),
        ("=3.6", "==3.6"),
        ("~=3", ">=3"),
        ("~>3.6", "~=3.6"),
        (">=~3.6", ">=3.6"),
        ("!=~3.6", "!=3.6"),
        (">dev", ">=0.0.dev0"),
        (">=2.7;!=3.0.*", ">=2.7,!=3.0.*"),
        (">=2.7 and <4", ">=2.7,<4"),
        ("~=3.6.*", "~=3.6"),
        (">=3.6", ">=3.6"),
    ],
)
def test_a_specifier_of_old_times_is_read_as_meant(wrong: str, right: str) -> None:
    repaired = repair_specifier(wrong)
    assert repaired is not None
    assert SpecifierSet(repaired.text) == SpecifierSet(right)
    assert bool(repaired.note) == (wrong != right)


@pytest.mark.parametrize("text", ["three", ">=three", "3.6 or later", ">=", "<>", "1.0", "!!"])
def test_a_specifier_without_meaning_is_not_guessed(text: str) -> None:
    assert repair_specifier(text) is None


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ("extra == docs", 'extra == "docs"'),
        ("python_version >= 3.6", 'python_version >= "3.6"'),
        ("(python_version >= 3.6 and extra == docs)", '(python_version >= "3.6" and extra == "docs")'),
        ("python_version = '2.7'", 'python_version == "2.7"'),
        ("python_version => '3'", 'python_version >= "3"'),
        ("extra == \u201cdocs\u201d", 'extra == "docs"'),
        ("extra == 'a' && os_name == 'nt' || extra == 'b'", 'extra == "a" and os_name == "nt" or extra == "b"'),
    ],
)
def test_a_marker_of_old_times_is_read_as_meant(wrong: str, right: str) -> None:
    repaired = repair_marker(wrong)
    assert repaired is not None
    assert Marker(repaired.text) == Marker(right)
    assert repaired.note


def test_a_marker_without_meaning_is_not_guessed() -> None:
    assert repair_marker("on windows") is None
    assert repair_requirement("a ; on windows") is None
    assert repair_requirement("a (one) ; extra == 'x'") is None
    assert repair_requirement("a b c") is None


def test_requires_python_is_read_repaired_or_ignored_with_a_note() -> None:
    assert read_requires_python(">= 3.6, <4").pythons == parse_constraint(">=3.6,<4")
    assert read_requires_python(">=3.6.*").pythons == parse_constraint(">=3.6")
    assert read_requires_python(">=3.6.*").note == "`>=3.6.*` was read as `>=3.6`"
    assert read_requires_python(">=3.6,,<4,").pythons == parse_constraint(">=3.6,<4")
    assert read_requires_python(">=3.6,,<4,").note == ""
    assert read_requires_python("").pythons == ANY
    nonsense = read_requires_python("3.6+")
    assert nonsense.pythons == ANY
    assert nonsense.note == "Requires-Python `3.6+` has no meaning and is ignored"


def test_a_requires_python_with_a_number_that_python_does_not_read_is_ignored() -> None:
    assert read_requires_python(">=" + "9" * 5_000).pythons == ANY

from __future__ import annotations

import subprocess
import sys

import pytest
from packaging.version import Version
from poetry.core.constraints.version import Version as PoetryVersion
from poetry.core.constraints.version import parse_constraint as poetry_parse

from chapbook_core.errors import ChapbookError
from chapbook_core.requirements.constraint import (
    ANY,
    EMPTY,
    Constraint,
    InvalidConstraint,
    NoSpecifier,
    parse_constraint,
)

# Every kind of text that pyproject files and package metadata hold, with Poetry's normal form as it prints it.
TEXTS = """
* | x | x.x | 1.2 | =1.2 | ==1.2 | == 1.2 | v1.2 | 1.2.0-1 | 1.0+cpu | 1.0a1 | 1.0-alpha.1
^1 | ^1.2 | ^1.2.3 | ^1.2.3.4 | ^0 | ^0.0 | ^0.0.0 | ^0.0.3 | ^0.2.3 | ^0.0.3.post1 | ^1.0a1 | ^1.0.0a1
^2.0.dev1 | ^1!2.3
~1 | ~1.2 | ~1.2.3 | ~1.2.3.4 | ~0.0.3 | ~2.0a1 | ^ 1.2 | ~ 1.2
~=1 | ~=1.4 | ~=1.4.5 | ~=0.0.0.5 | ~=2.0a1 | ~= 1.4
1.* | ==1.* | !=1.* | 0.* | ==0.* | 1.2.* | ==1.2.*.* | 1.2.3.4.* | ==1.0a1.* | 1.0.post1.* | ==1.0.*,<1.0.5
!=1.2 | !=1.0,!=1.1,!=1.2.* | >=2.7,!=3.0.*,!=3.1.*,<4 | >=2.7,!=3.0.* | >1,!=2,<3 | >=2.7, !=3.0.*, !=3.1.*, !=3.2.*
>1.0 | >=1.0 | <1.0 | <=1.0 | <1.0a1 | <1.0.post1 | >1.0.post1 | >=1.0.dev0 | >1.0-alpha | >=1.0-1 | <=1.0a1,>=0
>=1,<2 | >=1 <2 | >= 1, < 2 | >=1.0 ,<2 | >=1, | >1,<1 | >=3.6.* | <3.7.*,>=3 | >=1.0.0,>=1.0 | <2,<2.0.0
""".replace("\n", "|").split("|")
TEXTS = [text.strip() for text in TEXTS if text.strip()]
UNIONS = [
    "^1||^3",
    "^1|^2",
    "^1 || ^3",
    "<1||>=1",
    "<1||>1",
    "<=1||>=3",
    ">=3||<1",
    "1.0||1.1",
    "<2.0.0 || >=2.1",
    "*||1",
]

RELEASES = (
    "0 0.0.3 0.0.4 0.1 0.2.3 0.3 1 1.0.1 1.0.5 1.1 1.2 1.2.3 1.2.4 1.3 1.4 1.4.5 1.5 1.10 2 2.7 3.0 3.0.5 3.2 3.6 4 1!3"
)
VERSIONS = [release + suffix for release in RELEASES.split() for suffix in ("", "a1", "rc1", ".dev1", "+cpu")]


@pytest.mark.parametrize("text", TEXTS + UNIONS)
def test_a_text_allows_what_poetry_allows(text: str) -> None:
    ours, oracle = parse_constraint(text), poetry_parse(text)
    allowed = [version for version in VERSIONS if ours.allows(version)]
    assert allowed == [version for version in VERSIONS if oracle.allows(PoetryVersion.parse(version))]


@pytest.mark.parametrize("text", TEXTS + UNIONS)
def test_the_normal_form_is_poetrys(text: str) -> None:
    assert parse_constraint(text).poetry_text() == str(poetry_parse(text))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("^3.20", ">=3.20,<4.0"),
        ("^1.0.0a1", ">=1.0.0a1,<2.0.0"),
        ("!=1.0", "!=1.0"),
        (">=1,!=1.5,<2", ">=1,!=1.5,<2"),
        ("<1.0 || >1.0,<2.0", "<1.0 || >1.0,<2.0"),
        ("===1.0", "===1.0"),
        ("<>1.0", "!=1.0"),
        (">1,<1", "<empty>"),
        ("==1!2.*", "==1!2.*"),
    ],
)
def test_normal_form(text: str, normal: str) -> None:
    assert parse_constraint(text).poetry_text() == normal


@pytest.mark.parametrize(
    ("text", "specifiers"),
    [
        ("*", ""),
        ("^3.9", ">=3.9,<4.0"),
        ("^3.20", ">=3.20,<4.0"),
        ("~3.7", ">=3.7,<3.8"),
        ("3.7", "==3.7"),
        ("2.12.1+cpu", "==2.12.1+cpu"),
        ("1.2.*", "==1.2.*"),
        ("!=1.2.*", "!=1.2.*"),
        (">=3,<4,!=3.5", ">=3,!=3.5,<4"),
        (">=2.7,!=3.0.*,!=3.1.*,<4", ">=2.7,!=3.0.*,!=3.1.*,<4"),
        (">=2.7,!=3.*,!=4.0.*,!=4.1.*", ">=2.7,!=3.*,!=4.0.*,!=4.1.*"),
        ("===1.0", "===1.0"),
        (">1,<1", "<0"),
        ("!=1.0, !=1.0.post0.dev0", "!=1.0,!=1.0.post0.dev0"),
    ],
)
def test_specifier_text(text: str, specifiers: str) -> None:
    assert parse_constraint(text).specifier_text() == specifiers


def test_a_specifier_text_reads_back_as_the_constraint() -> None:
    python = parse_constraint("^3.9")
    assert parse_constraint(python.specifier_text()) == python


@pytest.mark.parametrize("text", ["^1 || ^3", "<1 || >=2.5", ">=1.0+cpu"])
def test_what_pep_440_has_no_words_for_is_refused(text: str) -> None:
    with pytest.raises(NoSpecifier) as caught:
        parse_constraint(text).specifier_text()
    assert f"`{text}`" in caught.value.message
    assert caught.value.hints


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("", "it is empty", "`*`"),
        ("1.0 ||", "nothing stands beside `|`", "`*`"),
        ("1.x", "`1.x` is not a version", "`1.*`"),
        ("latest", "`latest` is not a version", "`*`"),
        ("=>1.0", "no operator `=>`", "`>=`"),
        ("~>1.0", "no operator `~>`", "`~`"),
        (">=1.0,=<2", "no operator `=<`", "`<=`"),
        (">=1.0<2", "`<2` follows `>=1.0` directly", "comma"),
        (">=", "`>=` has no version", ">=1.0,<2.0"),
        (",1.0", "`,` stands at a place", ">=1.0,<2.0"),
        ("^1.*", "`^` does not go with `.*`", "`^1`"),
        ("1.0.dev1.*", "`.*` does not go with", "1.0.dev1"),
        ("one", "`one` is not a version", "1.2.3"),
        ("1.0;x", "`;x` follows", "comma"),
        ("9" * 5_000, "is not a version", "1.2.3"),
        ("^^2", "`^^2` is not a clause", "`>=1.0,<2.0`"),
    ],
)
def test_a_wrong_text_is_echoed_with_the_reason_and_a_remedy(text: str, complaint: str, hint: str) -> None:
    with pytest.raises(InvalidConstraint) as caught:
        parse_constraint(text)
    assert isinstance(caught.value, ChapbookError)
    assert caught.value.message.startswith(f"`{text}` is not a version constraint: ")
    assert complaint in caught.value.message
    assert hint in " ".join((*caught.value.hints, caught.value.message))


def test_a_local_version_satisfies_its_public_version_but_not_the_reverse() -> None:
    assert parse_constraint("==2.12.1").allows("2.12.1+cpu")
    assert parse_constraint("<=2.12.1").allows("2.12.1+cpu")
    assert not parse_constraint(">2.12.1").allows("2.12.1+cpu")
    assert not parse_constraint("==2.12.1+cpu").allows("2.12.1")
    assert not parse_constraint("===2.12.1").allows("2.12.1+cpu")
    assert parse_constraint("==2.12.1").allows(Version("2.12.1+cpu"))


def test_an_upper_bound_leaves_out_the_pre_releases_of_its_version() -> None:
    assert not parse_constraint("^1.2").allows("2.0a1")
    assert not parse_constraint("<2.0").allows("2.0.dev0")
    assert parse_constraint("<2.0a2").allows("2.0a1")


def test_equality_is_by_meaning_and_the_text_is_kept() -> None:
    caret, plain = parse_constraint("^1.2"), parse_constraint(">=1.2.0, <2")
    assert caret == plain
    assert hash(caret) == hash(plain)
    assert (caret.text, plain.text) == ("^1.2", ">=1.2.0, <2")
    assert parse_constraint(">1.0a1") == parse_constraint(">=1.0a2.dev0")
    assert parse_constraint(">=0.dev0") == ANY


def test_everything_and_nothing() -> None:
    assert ANY.is_any
    assert EMPTY.is_empty
    assert parse_constraint(">1,<1") == EMPTY == parse_constraint("<0")
    assert ~EMPTY == ANY
    assert (ANY & parse_constraint("^1.2")).text == "^1.2"


def test_caret_drops_the_local_part_and_keeps_the_precision() -> None:
    assert Constraint.caret("3.20").text == "^3.20"
    assert Constraint.caret(Version("2.12.1+cpu")).text == "^2.12.1"
    assert Constraint.caret("3.20").specifier_text() == ">=3.20,<4.0"


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("^1.0", False),
        ("^1.0a1", True),
        (">=1.0.dev0", True),
        ("!=1.0a1", False),
        ("<2.0", False),
        ("1.0 || 2.0rc1", True),
    ],
)
def test_naming_a_pre_release_asks_for_them(text: str, asked: bool) -> None:
    assert parse_constraint(text).allows_prereleases is asked


def test_asking_for_pre_releases_survives_an_intersection() -> None:
    assert (parse_constraint(">=1.0a1") & parse_constraint("<2")).allows_prereleases


def test_the_keys_cut_a_sorted_list_of_versions() -> None:
    constraint = parse_constraint(">=1.0,<2.0")
    assert constraint.keys == tuple(sorted(constraint.keys))
    assert len(constraint.keys) == 2


def test_importing_constraints_leaves_the_heavy_parts_of_packaging_alone() -> None:
    code = (
        "import sys, chapbook_core.requirements.constraint\n"
        "heavy = ('packaging.requirements', 'packaging.markers', 'packaging.specifiers')\n"
        "print([name for name in heavy if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

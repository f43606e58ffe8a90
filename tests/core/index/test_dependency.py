from __future__ import annotations

import time
from contextlib import suppress
from importlib.metadata import distributions

import pytest
from packaging.markers import Marker
from packaging.requirements import InvalidRequirement, Requirement
from packaging.specifiers import SpecifierSet

from chapbook_core.index.dependency import Dependency, UnreadableDependency, parse_dependency
from chapbook_core.requirements.name import canonical_name

TEXTS = [
    "a",
    "A_b.C",
    "a>=1",
    "a >= 1.0 , < 2",
    "a (>=1.0,<2)",
    "a(==1.0.*)",
    "a!=1.5,~=1.4.2",
    "a[x]",
    "a [ X_y , z , x-y ] >=1",
    "a[]",
    "a==1.0+local",
    "a===weird",
    "a>=1!2.0",
    "a>=v1.0",
    "a<2.0dev",
    "a>=1.0rc1,<2.0.post1.dev3",
    "a ; python_version < '3.8'",
    'a>=1;python_version<"3.8"and extra=="x"',
    "a ; (python_version < '3.8' or sys_platform == \"win32\") and extra == 'x'",
    "a; 'linux' in sys_platform",
    "a ; sys_platform not in 'linux win32'",
    "a ; platform_machine in '' or extra == 'a;b'",
    "a ; os.name == 'nt'",
    "a ; python_implementation == 'PyPy'",
    "a ; platform.python_implementation != 'PyPy'",
    "a @ https://example.org/a-1.0.zip",
    "a[x] @ git+https://example.org/a.git@main ; python_version < '3'",
    " a >= 1 ",
    "a>=1,",
    "a (>=1) ; extra == 'x'",
    "a\t>=1\t;\textra == 'x'",
    "a~=1.0a1",
    "a==1.0a1.*",
    "a<3,>=2,!=2.5.*,!=2.6.0",
    "a ; python_full_version >= '3.9.0' and (extra == 'x' or (extra == 'y'))",
    "a ; ((extra == 'x'))",
    # What is not valid.
    "",
    "a b",
    "a>=",
    "a>1.*",
    "a~=1",
    "a>=1 <2",
    "-a",
    "a ; ",
    "a ; python_version",
    "a ; python_version < 3",
    "a ; nonsense == 'x'",
    "a ; (extra == 'x'",
    "a ; extra == 'x')",
    "a ; extra == 'x' and",
    "a ; extra == 'x' extra == 'y'",
    "a ; )extra == 'x'(",
    "a[x",
    "a (>=1",
    "a >=1)",
    "a==1.0.*.1",
    "a[-]",
    "a ; extra = 'x'",
    'a >=1 ; extra == "it\'s"',
]


def meaning(requirement: Requirement) -> tuple[object, ...]:
    return (
        canonical_name(requirement.name),
        tuple(sorted({canonical_name(extra) for extra in requirement.extras})),
        requirement.specifier,
        requirement.marker,
        requirement.url or "",
    )


def read(text: str) -> tuple[object, ...]:
    dependency = parse_dependency(text)
    marker = Marker(dependency.marker) if dependency.marker else None
    return (dependency.name, dependency.extras, SpecifierSet(dependency.specifier), marker, dependency.url)


@pytest.mark.parametrize("text", TEXTS)
def test_a_requirement_means_what_packaging_says(text: str) -> None:
    try:
        expected = meaning(Requirement(text))
    except InvalidRequirement:
        try:
            dependency = parse_dependency(text)
        except UnreadableDependency:
            return
        assert dependency.note, "what packaging refuses is at most repaired"
        return
    assert read(text) == expected
    assert parse_dependency(text).note == ""


def test_the_requirements_of_what_is_installed_mean_what_packaging_says() -> None:
    texts = {text for distribution in distributions() for text in distribution.requires or ()}
    assert len(texts) > 20
    for text in texts:
        assert read(text) == meaning(Requirement(text))


def test_equal_texts_are_one_value() -> None:
    assert parse_dependency("a>=1 ; extra == 'x'") is parse_dependency("a>=1 ; extra == 'x'")


def test_spaces_in_a_specifier_do_not_make_another_one() -> None:
    assert parse_dependency("a ( >= 1.0 , < 2 )").specifier == ">=1.0,<2"


def test_a_repaired_requirement_tells_what_was_read() -> None:
    dependency = parse_dependency("a (>=1.0.*,<2) ; python_version >= '3'")
    assert dependency == Dependency(
        name="a",
        specifier=dependency.specifier,
        marker='python_version >= "3"',
        note="`a (>=1.0.*,<2) ; python_version >= '3'` was read as `a<2,>=1.0 ; python_version >= \"3\"`",
    )
    assert SpecifierSet(dependency.specifier) == SpecifierSet(">=1.0,<2")


def test_nonsense_is_refused_as_it_was_written() -> None:
    with pytest.raises(UnreadableDependency, match="`a ; what is this` is not a valid requirement"):
        parse_dependency("a ; what is this")


def test_a_hostile_text_takes_no_longer_than_its_length_asks_for() -> None:
    started = time.process_time()
    for piece in ("(", "a ", "extra == 'x' and ", ">=1,", "1.", " ", "[a,", "; ", "'", "a-._"):
        for start in ("a", "a ; ", "a[", "a>=1"):
            with suppress(UnreadableDependency):
                parse_dependency(start + piece * (8_000 // len(piece)))
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "text", ["a>={number}", "a>=1.0a{number}", "a (~={number}.1)", "a=>{number}", "a==1.*,<{number}"]
)
def test_a_number_that_python_does_not_read_makes_one_requirement_unreadable(text: str) -> None:
    with pytest.raises(UnreadableDependency):
        parse_dependency(text.format(number="9" * 5_000))

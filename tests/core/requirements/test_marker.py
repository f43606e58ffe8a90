from __future__ import annotations

import pickle
import subprocess
import sys

import pytest
from packaging.markers import Marker as PackagingMarker

from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.marker import ALWAYS, NEVER, InvalidMarker, parse_marker, python_marker
from chapbook_core.requirements.target import Target

LINUX = {
    "python_version": "3.12",
    "python_full_version": "3.12.1",
    "sys_platform": "linux",
    "os_name": "posix",
    "platform_system": "Linux",
    "platform_machine": "x86_64",
    "platform_python_implementation": "CPython",
    "implementation_name": "cpython",
    "implementation_version": "3.12.1",
    "platform_release": "5.15.0-91-generic",
    "platform_version": "#101-Ubuntu SMP",
}


def test_a_blank_marker_is_always_true() -> None:
    assert parse_marker(" ") == ALWAYS
    assert str(ALWAYS) == ""
    assert ALWAYS.evaluate({})


def test_never_has_a_text_that_is_read_back() -> None:
    assert parse_marker(str(NEVER)) == NEVER


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('python_version >= "3.9"', '"3.9" <= python_version'),
        ('python_version > "3.8"', 'python_version >= "3.9"'),
        ('python_version >= "3.8.1"', 'python_version >= "3.9"'),
        ('python_version == "3.8"', 'python_full_version == "3.8.*"'),
        ('python_version in "3.8 3.9"', 'python_version >= "3.8" and python_version < "3.10"'),
        ('python_full_version < "3.9"', 'python_version < "3.9"'),
        ('platform_system == "Windows"', 'sys_platform == "win32"'),
        ('os_name == "nt"', 'sys_platform == "win32"'),
        ('platform_system == "Darwin"', 'sys_platform == "darwin"'),
        ('platform_python_implementation == "PyPy"', 'implementation_name == "pypy"'),
        ("os.name == 'nt'", 'os_name == "nt"'),
        ('extra == "Some_Extra"', 'extra == "some-extra"'),
        ('extra in "a b"', 'extra == "a" or extra == "b"'),
        ('sys_platform in "linux darwin"', 'sys_platform == "linux" or sys_platform == "darwin"'),
        ('os_name == "nt" and os_name == "posix"', 'python_version < "0"'),
    ],
)
def test_two_spellings_of_one_function_are_equal(one: str, other: str) -> None:
    assert parse_marker(one) == parse_marker(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('sys_platform == "win32"', 'os_name == "posix"'),
        ('sys_platform == "linux"', 'platform_system == "Darwin"'),
        ('sys_platform == "cygwin"', 'os_name == "nt"'),
        ('python_version < "3.9"', 'python_full_version >= "3.9.0"'),
        ('implementation_name == "cpython"', 'platform_python_implementation == "PyPy"'),
        ('"linux" in sys_platform', 'sys_platform == "darwin"'),
    ],
)
def test_markers_that_no_environment_satisfies_together_are_disjoint(one: str, other: str) -> None:
    assert parse_marker(one).is_disjoint(parse_marker(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ('sys_platform == "freebsd14"', 'os_name == "posix"'),
        ('sys_platform == "freebsd14"', 'platform_system == "FreeBSD"'),
        ('sys_platform == "cygwin"', 'platform_system == "CYGWIN_NT-10.0"'),
        ('sys_platform == "java11"', 'os_name == "java"'),
        ('sys_platform == "haiku1"', 'os_name == "beos"'),
        ('implementation_name == "rustpython"', 'platform_python_implementation == "RustPython"'),
        ('extra == "a"', 'extra == "b"'),
        ('"arm" in platform_machine', 'platform_machine == "arm64"'),
        ('python_version < "3.13"', 'python_full_version < "3.12.9"'),
    ],
)
def test_disjointness_is_never_claimed_of_what_can_be_true_together(one: str, other: str) -> None:
    assert not parse_marker(one).is_disjoint(parse_marker(other))


def test_a_pre_release_belongs_to_its_minor_version_and_lies_below_its_final_release() -> None:
    candidate = {**LINUX, "python_version": "3.13", "python_full_version": "3.13.0rc1"}
    assert parse_marker('python_version >= "3.13"').evaluate(candidate)
    assert not parse_marker('python_full_version >= "3.13"').evaluate(candidate)
    assert parse_marker('python_full_version >= "3.13.0rc1"').evaluate(candidate)
    assert not parse_marker('python_full_version < "3.13"').evaluate(candidate)


def test_an_untagged_build_of_python_is_its_pre_release() -> None:
    assert parse_marker('python_full_version == "3.13.0a7"').evaluate({"python_full_version": "3.13.0a7+"})


def test_several_extras_can_be_active_at_once() -> None:
    marker = parse_marker('extra == "a" and extra == "B"')
    assert marker.evaluate(LINUX, extras=["A", "b"])
    assert not marker.evaluate(LINUX, extras=["a"])
    assert marker.extras() == {"a", "b"}


def test_extras_and_groups_of_a_lock_file_are_sets() -> None:
    marker = parse_marker('"docs" in extras and "dev" not in dependency_groups')
    assert marker.evaluate(LINUX, extras=["docs"])
    assert not marker.evaluate(LINUX, extras=["docs"], groups=["Dev"])
    assert marker.variables() == {"extras", "dependency_groups"}


def test_a_release_that_is_no_version_satisfies_no_comparison() -> None:
    assert not parse_marker('platform_release >= "1"').evaluate(LINUX)
    assert not parse_marker('platform_release < "1"').evaluate(LINUX)
    assert parse_marker('platform_release == "5.15.0-91-generic"').evaluate(LINUX)


def test_an_extra_that_is_known_is_no_longer_asked_for() -> None:
    marker = parse_marker('python_version < "3.9" and extra == "x" or sys_platform == "win32"')
    assert marker.with_extra("X", active=True) == parse_marker('python_version < "3.9" or sys_platform == "win32"')
    assert marker.with_extra("x", active=False) == parse_marker('sys_platform == "win32"')
    assert marker.without_extras() == marker.with_extra("x", active=True)


def test_only_keeps_what_some_variables_tell() -> None:
    marker = parse_marker('python_version < "3.9" and sys_platform == "win32"')
    assert marker.only("python_version") == parse_marker('python_version < "3.9"')
    assert marker.only("sys_platform") == parse_marker('sys_platform == "win32"')
    assert marker.only("extra") == ALWAYS


@pytest.mark.parametrize(
    ("constraint", "text"),
    [
        ("*", ""),
        ("^3.9", 'python_version >= "3.9" and python_version < "4.0"'),
        (">=3.9", 'python_version >= "3.9"'),
        (">=3.9.1", 'python_full_version >= "3.9.1"'),
        ("~3.9", 'python_version == "3.9"'),
        ("<3.8 || >=3.10", 'python_version < "3.8" or python_version >= "3.10"'),
        ("!=3.9.*", 'python_version != "3.9"'),
        ("3.9.5", 'python_full_version == "3.9.5"'),
    ],
)
def test_a_range_of_python_becomes_a_marker_and_back(constraint: str, text: str) -> None:
    marker = python_marker(parse_constraint(constraint))
    assert str(marker) == text
    assert python_marker(marker.python_constraint()) == marker


def test_two_ranges_of_python_that_meet_leave_no_gap() -> None:
    assert python_marker(parse_constraint(">=3.13")) | python_marker(parse_constraint("<3.13")) == ALWAYS


def test_the_python_constraint_of_a_marker_ignores_everything_else() -> None:
    marker = parse_marker('python_version >= "3.8" and (python_version < "3.11" or sys_platform == "win32")')
    assert marker.python_constraint() == parse_constraint(">=3.8")
    assert NEVER.python_constraint().is_empty
    assert parse_marker('sys_platform == "win32"').python_constraint().is_any


def test_a_marker_survives_pickling() -> None:
    marker = parse_marker('python_version < "3.9" and extra == "x"')
    assert pickle.loads(pickle.dumps(marker)) == marker


def test_a_variable_that_the_environment_does_not_tell_is_a_key_error() -> None:
    with pytest.raises(KeyError, match="platform_machine"):
        parse_marker('platform_machine == "arm64"').evaluate({"sys_platform": "linux"})


@pytest.mark.parametrize(
    ("text", "position", "problem"),
    [
        ("python_version", 14, "expected a comparison, not the end"),
        ('python_version = "3"', 15, "unexpected `=`"),
        ('pyton_version < "3"', 0, "no variable is called `pyton_version`"),
        ('(os_name == "nt"', 0, "a parenthesis that is never closed"),
        ('os_name == "nt")', 15, "a closing parenthesis that nothing opened"),
        ('os_name == "nt', 11, "a text in quotes that never ends"),
        ('"a" == "b"', 0, "two texts are compared"),
        ("os_name == sys_platform", 0, "two variables are compared"),
        ('os_name == "nt" os_name == "nt"', 16, "expected `and` or `or`, not `os_name`"),
        ('os_name == "nt" and', 19, "expected a variable or a text in quotes, not the end"),
        ('python_version ~= "3"', 0, '`~= "3"` is no comparison of versions'),
        ('extras == "x"', 0, '`extras` is a set; only `"..." in extras` can be asked of it'),
    ],
)
def test_a_text_that_is_no_marker_is_refused_at_the_place_of_its_mistake(
    text: str, position: int, problem: str
) -> None:
    with pytest.raises(InvalidMarker) as caught:
        parse_marker(text)
    assert caught.value.position == position
    assert caught.value.problem == problem
    assert caught.value.message == f"`{text}` is not a marker: {problem} (character {position + 1})"


def test_a_misspelt_variable_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(InvalidMarker) as caught:
        parse_marker('pyton_version < "3"')
    assert caught.value.hints == ("did you mean `python_version`?",)


def test_no_depth_of_parentheses_meets_the_recursion_limit() -> None:
    assert parse_marker("(" * 5000 + 'os_name == "nt"' + ")" * 5000) == parse_marker('os_name == "nt"')


def test_a_marker_may_name_a_thousand_extras() -> None:
    marker = parse_marker(" or ".join(f'extra == "x{index}"' for index in range(1000)))
    assert marker.evaluate(LINUX, extras=["x999"])
    assert not marker.evaluate(LINUX)


def test_reading_and_combining_ordinary_markers_imports_nothing_of_packaging() -> None:
    program = (
        "import sys\n"
        "from chapbook_core.requirements.marker import parse_marker\n"
        'marker = parse_marker(\'python_version < "3.9" and extra == "x"\') | parse_marker(\'os_name == "nt"\')\n'
        "str(marker), marker.evaluate({'python_full_version': '3.12.1', 'sys_platform': 'linux'})\n"
        "print(*(name for name in sys.modules if name.partition('.')[0] in ('packaging', 'difflib')))\n"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout.split() == []


@pytest.mark.parametrize("variable", ["python_version", "python_full_version", "platform_release"])
@pytest.mark.parametrize("number", ["9" * 5_000, "1.0a" + "9" * 5_000])
def test_a_number_that_python_does_not_read_is_a_text_like_any(variable: str, number: str) -> None:
    assert parse_marker(f"{variable} >= '{number}'") != ALWAYS


RELEASES = ("7", "7.0", "7.2", "7.2.9", "7.3", "7.3.0", "7.3.13", "7.4", "7.5", "8.0", "23.5.0", "0.3.1")
COMPARISONS = (
    "== '7.3.*'",
    "!= '7.3.*'",
    "~= '7.3'",
    "~= '7.3.0'",
    ">= '7.3'",
    "> '7.3'",
    "< '7.3'",
    "<= '7.3'",
    "== '7'",
)


@pytest.mark.parametrize("comparison", COMPARISONS)
@pytest.mark.parametrize("variable", ["platform_release", "implementation_version"])
def test_a_comparison_of_releases_holds_where_packaging_says(variable: str, comparison: str) -> None:
    text = f"{variable} {comparison}"
    expected = [release for release in RELEASES if PackagingMarker(text).evaluate({variable: release})]
    marker = parse_marker(text)
    environment = Target("3.12.1", "linux", "x86_64", "cpython").environment()
    assert [one for one in RELEASES if marker.evaluate({**environment, variable: one})] == expected
    assert 0 < len(expected) < len(RELEASES)

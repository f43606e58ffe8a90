"""The variables of markers as variables of a decision diagram, and each comparison of PEP 508 as a function of them.

Variables are named `RANK name`; the rank orders them, the most dividing first. Some are functions of others and do not
become variables where they are:

    python_version                     is `major.minor` of python_full_version
    os_name, platform_system           are told by a known sys_platform
    platform_python_implementation     is told by a known implementation_name

A fold is made only where it holds for every interpreter of Python 3; where sys_platform or implementation_name is none
of the known values, the folded variable is asked by itself, so nothing is claimed of platforms nobody listed.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.diagram import FALSE, TRUE, choice, complement, conjunction, disjunction, flag, interval
from chapbook_core.requirements.interpreter_version import (
    full_comparison,
    full_versions_in,
    minor_comparison,
    minor_versions_in,
)
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.release_comparison import LOWEST, NO_VERSION, release_comparison

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from chapbook_core.requirements.diagram import Cut

PYTHON = "1 python_full_version"
IMPLEMENTATION = "2 implementation_name"
IMPLEMENTATION_TITLE = "3 platform_python_implementation"
PLATFORM = "4 sys_platform"
OS = "5 os_name"
SYSTEM = "6 platform_system"
MACHINE = "7 platform_machine"
VERSION = "8 platform_version"
IMPLEMENTATION_VERSION = "8 implementation_version"
RELEASE = "8 platform_release"
TEXT = "9 "
"""Begins the variable of an uncommon comparison, which is known by its own text."""
EXTRA = "a extra "
EXTRAS = "b extras "
GROUPS = "c dependency_groups "

CHOICES = {
    "implementation_name": IMPLEMENTATION,
    "platform_python_implementation": IMPLEMENTATION_TITLE,
    "sys_platform": PLATFORM,
    "os_name": OS,
    "platform_system": SYSTEM,
    "platform_machine": MACHINE,
    "platform_version": VERSION,
}
VERSIONS = {"implementation_version": IMPLEMENTATION_VERSION, "platform_release": RELEASE}
SETS = {"extras": EXTRAS, "dependency_groups": GROUPS}
VARIABLES = frozenset({"python_version", "python_full_version", "extra", *CHOICES, *VERSIONS, *SETS})

_PLATFORM_OF_SYSTEM = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32", "Emscripten": "emscripten"}
_OS_OF_PLATFORM = dict.fromkeys(("android", "cygwin", "darwin", "emscripten", "ios", "linux", "wasi"), "posix")
_OS_OF_PLATFORM["win32"] = "nt"
_IMPLEMENTATION_OF_TITLE = {"CPython": "cpython", "PyPy": "pypy"}
_MACHINES = (
    *("AMD64", "ARM64", "aarch64", "arm64", "armv6l", "armv7l", "armv8l", "i386", "i586", "i686", "loongarch64"),
    *("ppc64", "ppc64le", "riscv64", "s390x", "wasm32", "x86", "x86_64"),
)
_KNOWN = {
    "implementation_name": tuple(_IMPLEMENTATION_OF_TITLE.values()),
    "platform_python_implementation": tuple(_IMPLEMENTATION_OF_TITLE),
    "sys_platform": tuple(_OS_OF_PLATFORM),
    "os_name": ("nt", "posix"),
    "platform_system": tuple(_PLATFORM_OF_SYSTEM),
    "platform_machine": _MACHINES,
}
_SEPARATORS = late_pattern(r"[\s,;|]+")
_FLOORS = (0, NO_VERSION)
_FLIPPED = {"<=": ">=", ">=": "<=", "<": ">", ">": "<"}


class Uncomparable(ValueError):
    """A comparison that has no meaning; the parser tells where it stands."""


@lru_cache(maxsize=8192)
def comparison(name: str, operator: str, literal: str, *, literal_first: bool = False) -> int:
    """Return the function that `name operator "literal"` is, or the other way round; raises Uncomparable."""
    if operator.startswith("not"):
        return complement(comparison(name, "in", literal, literal_first=literal_first))
    if name in SETS:
        if operator != "in" or not literal_first:
            raise Uncomparable(f'`{name}` is a set; only `"..." in {name}` can be asked of it')
        return flag(SETS[name] + canonical_name(literal))
    if operator == "in":
        return _held(name, literal) if literal_first else _within(name, literal)
    if name in {"python_version", "python_full_version"}:
        return _python_comparison(name, operator, literal, literal_first=literal_first)
    if name in VERSIONS:
        return _version_comparison(name, operator, literal, literal_first=literal_first)
    return _text_comparison(operator, name, literal)


def equality(name: str, value: str) -> int:
    """Return the function that is true when a variable has this text as its value."""
    if name == "os_name":
        # Windows is the only platform of `nt`, and the only known one that is not `posix`.
        known = {platform: int(os == value) for platform, os in _OS_OF_PLATFORM.items()}
        return choice(PLATFORM, known, FALSE if value == "nt" else choice(OS, {value: TRUE}, FALSE))
    if name == "platform_system":
        return _folded(PLATFORM, _PLATFORM_OF_SYSTEM, SYSTEM, value)
    if name == "platform_python_implementation":
        return _folded(IMPLEMENTATION, _IMPLEMENTATION_OF_TITLE, IMPLEMENTATION_TITLE, value)
    if name in CHOICES:
        return choice(CHOICES[name], {value: TRUE}, FALSE)
    if name == "extra" and value:
        return flag(EXTRA + canonical_name(value))
    return flag(_text_variable(name, "==", value))


def from_cuts(variable: str, cuts: Sequence[Cut]) -> int:
    """Return the function that is true in a set of values, which begins at the first cut and ends below the second."""
    if cuts and cuts[0] in _FLOORS:
        return interval(variable, cuts[1:], [1 - index % 2 for index in range(len(cuts))])
    return interval(variable, cuts, [index % 2 for index in range(len(cuts) + 1)])


def text_comparison_of(variable: str) -> tuple[str, str, str]:
    """Return name, operator (`==`, `in`, `holds`) and literal of an uncommon comparison's variable."""
    name, operator, literal = variable.removeprefix(TEXT).split(" ", 2)
    return name, operator, literal


def _text_variable(name: str, operator: str, literal: str) -> str:
    return f"{TEXT}{name} {operator} {literal}"


def _folded(variable: str, known: Mapping[str, str], rest: str, value: str) -> int:
    """Return the test of a variable whose common values are other names for values of another variable."""
    if value in known:
        return choice(variable, {known[value]: TRUE}, FALSE)
    return choice(variable, dict.fromkeys(known.values(), FALSE), choice(rest, {value: TRUE}, FALSE))


def _text_comparison(operator: str, name: str, literal: str) -> int:
    """Compare as PEP 508 compares texts: only equality says anything."""
    match operator:
        case "==" | "<=" | ">=":
            return equality(name, literal)
        case "!=":
            return complement(equality(name, literal))
        case "<" | ">":
            return FALSE
        case _:
            raise Uncomparable(f"`{operator}` compares versions, and `{name}` is compared with a text here")


def _python_comparison(name: str, operator: str, literal: str, *, literal_first: bool) -> int:
    compare = minor_comparison if name == "python_version" else full_comparison
    cuts = compare(operator, literal, literal_first=literal_first)
    if cuts is not None:
        return from_cuts(PYTHON, cuts)
    # What is no version is compared as a text, and no interpreter has such a text as its version.
    match operator:
        case "==" | "<=" | ">=" | "<" | ">":
            return FALSE
        case "!=":
            return TRUE
        case _:
            raise Uncomparable(f'`{operator} "{literal}"` is no comparison of versions')


def _version_comparison(name: str, operator: str, literal: str, *, literal_first: bool) -> int:
    if literal_first:
        return _candidate_comparison(name, operator, literal)
    cuts = release_comparison(operator, literal)
    if cuts is None and operator in {"<", "<=", ">", ">="} and release_comparison("==", literal) is not None:
        # Such as `>= "7.*"`: compared as a text, which no environment has as its value.
        return FALSE
    if cuts is None:
        return _text_comparison("==" if operator == "===" else operator, name, literal)
    if cuts[0] == LOWEST and name == "implementation_version":
        # Every implementation has a version.
        cuts = (NO_VERSION, *cuts[1:])
    return from_cuts(VERSIONS[name], cuts)


def _candidate_comparison(name: str, operator: str, literal: str) -> int:
    """Compare the other way round: the literal is the candidate, and is compared as a text with what is no version."""
    if operator == "~=":
        raise Uncomparable(f"`~=` needs `{name}` on its left")
    if literal.endswith(".*") or release_comparison("==", literal) is None:
        if operator != "!=":
            return FALSE if "*" in literal else _text_comparison(operator.replace("===", "=="), name, literal)
        differs = complement(equality(name, literal))
        return conjunction(differs, from_cuts(RELEASE, (NO_VERSION, LOWEST))) if name == "platform_release" else FALSE
    function = _version_comparison(name, _FLIPPED.get(operator, operator), literal, literal_first=False)
    if operator == "!=" and name == "platform_release":
        return disjunction(function, from_cuts(RELEASE, (NO_VERSION, LOWEST)))
    return function


def _within(name: str, literal: str) -> int:
    """Return `name in literal`: PEP 508 means a part of the text, its authors a list of words."""
    match name:
        case "python_version":
            return from_cuts(PYTHON, minor_versions_in(literal))
        case "python_full_version":
            return from_cuts(PYTHON, full_versions_in(literal))
        case "platform_version" | "platform_release" | "implementation_version":
            return flag(_text_variable(name, "in", literal))
    # Beside the words, the values that are known to exist; not every stray part of a word.
    values = {word for word in _SEPARATORS.split(literal) if word}
    values.update(value for value in _KNOWN.get(name, ()) if value in literal)
    result = FALSE
    for value in sorted(values):
        result = disjunction(result, equality(name, value))
    return result


def _held(name: str, literal: str) -> int:
    """Return `literal in name`: decided for the values that are known, asked of every other one."""
    asked = flag(_text_variable(name, "holds", literal))
    match name:
        case "sys_platform":
            return choice(PLATFORM, {value: int(literal in value) for value in _OS_OF_PLATFORM}, asked)
        case "os_name":
            known = {platform: int(literal in os) for platform, os in _OS_OF_PLATFORM.items()}
            return choice(PLATFORM, known, asked)
        case "platform_system":
            known = {platform: int(literal in system) for system, platform in _PLATFORM_OF_SYSTEM.items()}
            return choice(PLATFORM, known, asked)
        case "platform_python_implementation":
            known = {value: int(literal in title) for title, value in _IMPLEMENTATION_OF_TITLE.items()}
            return choice(IMPLEMENTATION, known, asked)
        case _:
            return asked


def name_of(variable: str) -> str:
    """Return the name that a marker has for a variable of the diagram."""
    return variable.split(" ", 2)[1]

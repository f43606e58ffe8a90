from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from importlib.metadata import distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement as PackagingRequirement
from packaging.utils import canonicalize_name
from poetry.core.packages.dependency import Dependency

from chapbook_core.requirements.constraint import ANY, parse_constraint
from chapbook_core.requirements.marker import ALWAYS, parse_marker
from chapbook_core.requirements.requirement import (
    UNSTATED,
    DirectoryOrigin,
    FileOrigin,
    GitOrigin,
    IndexOrigin,
    InvalidRequirement,
    Origin,
    Requirement,
    UrlOrigin,
    parse_requirement,
)

# Every shape of Requires-Dist that real metadata holds.
TEXTS = [
    "requests",
    "A",
    "name<=1",
    "name>=3",
    "name>=3,<2",
    "name (>=1.2,!=1.5)",
    "name ()",
    "name(>=1.0)",
    "name >= 1.0 , < 2.0",
    "name >=1.0,",
    "Jaraco.Classes",
    "zope.interface>=5.0",
    "name[security]",
    "name[security, tests] >= 2.8.1, == 2.8.* ; python_version < '2.7'",
    "name [a,b] (>=1)",
    "name[]>=1",
    "name==1.*",
    "name!=3.0.*,!=3.1.*",
    "name~=1.4.2",
    "name===1.0",
    "name==1!2.0",
    "name==1.0+cpu.1",
    "name;python_version>'3'",
    "name ; os_name == 'nt' and extra == 'Gui_Tools'",
    "name>=1 ; (python_version < '3.9' or sys_platform == 'win32') and extra == 'x'",
    "name @ https://example.org/a-1.0-py3-none-any.whl",
    "name@https://example.org/a-1.0.tar.gz",
    "name[x] @ https://example.org/a.zip ; python_version < '3.9'",
    "name @ git+https://example.org/a/b.git@v1#subdirectory=c",
    "name @ file:///srv/a",
]


@pytest.mark.parametrize("text", TEXTS)
def test_a_requirement_means_what_packaging_reads(text: str) -> None:
    ours, oracle = parse_requirement(text), PackagingRequirement(text)
    assert ours.name == canonicalize_name(oracle.name)
    assert ours.pretty_name == oracle.name
    assert ours.extras == {canonicalize_name(extra) for extra in oracle.extras}
    assert ours.constraint == (parse_constraint(str(oracle.specifier)) if oracle.specifier else ANY)
    assert ours.marker == (parse_marker(str(oracle.marker)) if oracle.marker else ALWAYS)
    assert isinstance(ours.origin, IndexOrigin) is (oracle.url is None)


def test_every_requirement_of_what_is_installed_here_means_what_packaging_and_poetry_read() -> None:
    texts = {text for distribution in distributions() for text in distribution.requires or ()}
    assert texts
    for text in texts:
        ours, oracle = parse_requirement(text), PackagingRequirement(text)
        assert ours.name == canonicalize_name(oracle.name)
        assert ours.extras == {canonicalize_name(extra) for extra in oracle.extras}
        assert ours.constraint == parse_constraint(str(oracle.specifier) or "*")
        assert ours.marker == (parse_marker(str(oracle.marker)) if oracle.marker else ALWAYS)
        assert ours.constraint.poetry_text() == str(Dependency.create_from_pep_508(text).constraint)
        assert parse_requirement(ours.pep508_text()) == ours


@pytest.mark.parametrize("text", TEXTS)
def test_its_text_reads_back_as_itself(text: str) -> None:
    requirement = parse_requirement(text)
    assert parse_requirement(requirement.pep508_text()) == requirement
    PackagingRequirement(requirement.pep508_text())


@pytest.mark.parametrize(
    ("name", "constraint"),
    [
        ("idna", "^3.20"),
        ("idna", "~3.7"),
        ("idna", "3.7"),
        ("idna", "*"),
        ("Idna", "!=3.*"),
        ("idna", "!=3.1"),
        ("idna", ">=2.7,!=3.0.*,!=3.1.*,<4"),
        ("idna", "1.2.*"),
    ],
)
def test_the_text_is_the_one_that_poetry_writes(name: str, constraint: str) -> None:
    requirement = Requirement(name.lower(), name, parse_constraint(constraint))
    assert requirement.pep508_text() == Dependency(name, constraint).to_pep_508()


@pytest.mark.parametrize(
    ("requirement", "text"),
    [
        (
            Requirement("requests", "requests", parse_constraint("^2.30"), frozenset({"socks", "brotli"})),
            "requests[brotli,socks] (>=2.30,<3.0)",
        ),
        (Requirement("idna", "idna", parse_constraint(">=3,<4,!=3.5")), "idna (>=3,!=3.5,<4)"),
        (
            Requirement("a", "A", marker=parse_marker("sys_platform == 'win32'")),
            'A ; sys_platform == "win32"',
        ),
        (Requirement("a", "a", origin=FileOrigin(Path("/srv/a.whl"))), "a @ file:///srv/a.whl"),
        (Requirement("a", "a", origin=DirectoryOrigin(Path("../a b"))), "a @ file:../a%20b"),
        (
            Requirement("a", "a", origin=GitOrigin("https://example.org/a.git", branch="main", subdirectory="x")),
            "a @ git+https://example.org/a.git@main#subdirectory=x",
        ),
    ],
)
def test_written_form(requirement: Requirement, text: str) -> None:
    assert requirement.pep508_text() == text == str(requirement)


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        ("https://example.org/a.whl", UrlOrigin("https://example.org/a.whl")),
        ("git+ssh://git@example.org/a.git@1", GitOrigin("ssh://git@example.org/a.git", revision="1")),
        ("file:///srv/a-1.0.tar.gz", FileOrigin(Path("/srv/a-1.0.tar.gz"))),
        ("file:///srv/a", DirectoryOrigin(Path("/srv/a"))),
        ("./a", DirectoryOrigin(Path("a"))),
    ],
)
def test_a_direct_reference_is_its_origin(url: str, origin: Origin) -> None:
    assert parse_requirement(f"a @ {url}").origin == origin
    assert parse_requirement(f"a[b] @ {url} ; python_version < '3.9'").origin == origin


@pytest.mark.parametrize(
    ("text", "complaint", "hint"),
    [
        ("", "it is empty", "requests"),
        ("a^1.2", "`^1.2` is not in the language of package metadata", "`a (>=1.2,<2.0)`"),
        ("a[x] (~1.2)", "`~1.2`", "`a[x] (>=1.2,<1.3)`"),
        ("a = 1.2", "`= 1.2`", "`a (==1.2)`"),
        ("a 1.2", "`1.2`", "`a (==1.2)`"),
        ("a>=", "expected", "requests[socks]"),
        ("a[", "expected", "requests[socks]"),
        ("-a", "expected", "requests[socks]"),
        ("a>=one", "", ""),
        ("a ; nonsense", "nonsense", ""),
        ("a @ ftp://example.org/a.zip", "leads nowhere that is known", "https://"),
    ],
)
def test_a_wrong_text_is_echoed_with_the_reason_and_a_remedy(text: str, complaint: str, hint: str) -> None:
    with pytest.raises(InvalidRequirement) as caught:
        parse_requirement(text)
    assert caught.value.message.startswith(f"`{text}` is not a requirement: ")
    assert complaint in caught.value.message.lower() or complaint in caught.value.message
    assert hint in " ".join(caught.value.hints)


def test_an_error_does_not_show_the_secret_in_the_text() -> None:
    with pytest.raises(InvalidRequirement) as caught:
        parse_requirement("a @ https://user:hunter2@example.org/a.zip ; nonsense")
    assert "hunter2" not in f"{caught.value} {caught.value.hints} {caught.value.text}"


def test_no_version_is_any_version_but_was_not_asked_for() -> None:
    unstated = parse_requirement("a")
    assert unstated.constraint == ANY
    assert unstated.constraint is UNSTATED
    assert unstated == replace(unstated, constraint=ANY)


def test_names_and_extras_compare_by_meaning() -> None:
    assert parse_requirement("Foo_Bar[A.b]>=1.0") == parse_requirement("foo-bar [a-b] (>=1)")


def test_reading_ordinary_requirements_leaves_the_heavy_parts_of_packaging_alone() -> None:
    code = (
        "import sys\n"
        "from chapbook_core.requirements.requirement import parse_requirement\n"
        "parse_requirement('a[b] (>=1.0,!=1.5) ; python_version < \"3.9\"').pep508_text()\n"
        "print([name for name in ('packaging.requirements', 'packaging.specifiers') if name in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"

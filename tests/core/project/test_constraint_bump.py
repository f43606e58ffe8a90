from __future__ import annotations

import pytest

from chapbook_core.project.constraint_bump import bumped, bumped_requirement


@pytest.mark.parametrize(
    ("before", "newest", "after"),
    [
        ("^1", "2.3.4", "^2"),
        ("^1.2", "2.3.4", "^2.3"),
        ("^1.2.3", "2.3.4", "^2.3.4"),
        ("^1.2.3", "2.3", "^2.3.0"),
        ("^1.2", "1.9.1", "^1.9"),
        ("~1.2", "2.3.4", "~2.3"),
        ("~=1.2", "2.3.4", "~=2.3"),
        ("~=1.2.0", "2.3.4", "~=2.3.4"),
        (">=1.2", "2.3.4", ">=2.3"),
        (">=1.2,<2.0", "2.3.4", ">=2.3,<3.0"),
        (">=1.2, <2.0", "2.3.4", ">=2.3, <3.0"),
        (">=1.2 <2", "2.3.4", ">=2.3 <3"),
        (">=0.4.6,<0.5.0", "0.6.1", ">=0.6.1,<0.7.0"),
        (">=1.2,<1.3", "2.3.4", ">=2.3,<2.4"),
        (">=1,<5", "3.1", ">=3,<5"),
        (">=1,<3", "3.1", ">=3,<4"),
        (">=1,!=1.5,<2", "2.1", ">=2,!=1.5,<3"),
        ("<2", "2.1", "<3"),
        ("<2", "1.9", "<2"),
        ("<=1.5", "2.1", "<=2.1"),
        ("==1.2.3", "2.3.4", "==2.3.4"),
        ("1.2.3", "2.3.4", "2.3.4"),
        ("==1.2.*", "2.3.4", "==2.3.*"),
        ("1.*", "2.3.4", "2.*"),
        ("*", "2.3.4", "*"),
        ("", "2.3.4", ""),
        (">1.2", "2.3.4", ">1.2"),
        ("^1.2", "2.0a1", "^2.0a1"),
        ("^1.2", "1!2.0", "^1!2.0"),
        ("==1.2", "2.3.4+cpu", "==2.3.4"),
        ("^1 || ^2", "2.3", "^1 || ^2"),
        ("^1 || ^2", "3.3", None),
        ("!=2.3", "2.3", None),
    ],
)
def test_a_constraint_keeps_its_style(before: str, newest: str, after: str | None) -> None:
    assert after == bumped(before, newest, newest)


@pytest.mark.parametrize(
    ("before", "after"),
    [(">=1.2", ">=1.9"), ("^1.2", "^1.9"), (">=1.2,<2", ">=1.9,<3"), ("==1.2", None), ("~1.2", None)],
)
def test_releases_for_different_environments_are_all_allowed(before: str, after: str | None) -> None:
    newest = "1.95" if before == "^1.2" else "2.3"
    assert after == bumped(before, "1.9", newest)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("idna (>=1.2,<2.0)", "idna (>=2.3,<3.0)"),
        ("idna>=1.2 ; python_version < '3.13'", "idna>=2.3 ; python_version < '3.13'"),
        ("Idna[x, y] == 1.2.3;sys_platform=='win32'", "Idna[x, y] == 2.3.4;sys_platform=='win32'"),
        ("idna", "idna"),
        ("idna ; python_version >= '3'", "idna ; python_version >= '3'"),
        ("idna @ https://example.org/idna-1.whl", "idna @ https://example.org/idna-1.whl"),
    ],
)
def test_everything_around_the_constraint_of_a_requirement_stays(before: str, after: str) -> None:
    assert after == bumped_requirement(before, "2.3.4", "2.3.4")

from __future__ import annotations

from chapbook_core.requirements.target import Target
from chapbook_core.resolver.verify import NO_WISHES, Installed, Wishes, demand, verify

LINUX = Target("3.12.0").environment()
WINDOWS = Target("3.12.0", "win32", "AMD64").environment()


def installed(release: str, *requires: str, python: str = "", direct: bool = False) -> Installed:
    name, version = release.split()
    return Installed(name, version, requires, python, direct)


def messages(
    demands: list[str],
    *selected: Installed,
    environment: dict[str, str] = LINUX,
    extras: tuple[str, ...] = (),
    wishes: Wishes = NO_WISHES,
) -> list[str]:
    found = verify(map(demand, demands), selected, environment, extras=extras, wishes=wishes)
    return [violation.message for violation in found]


def test_a_selection_that_meets_everything_has_no_violation() -> None:
    assert messages(["a>=1"], installed("a 1", "b<2 ; sys_platform == 'linux'"), installed("b 1.5")) == []


def test_a_missing_package_is_found() -> None:
    assert messages(["a"], installed("a 1", "b")) == ["a 1 requires `b`, and no b is selected"]


def test_a_version_outside_a_requirement_is_found() -> None:
    assert messages(["a>=2"], installed("a 1")) == ["the project requires `a>=2`, and 1 is selected"]


def test_two_releases_of_one_package_are_found() -> None:
    assert messages(["a"], installed("a 1"), installed("a 2")) == ["a is selected as 1 and 2"]


def test_a_package_that_nothing_requires_is_found() -> None:
    assert messages(["a"], installed("a 1"), installed("b 1")) == ["b 1 is selected, and nothing requires it"]


def test_a_release_that_does_not_run_there_is_found() -> None:
    assert messages(["a"], installed("a 1", python=">=3.13")) == ["a 1 needs Python >=3.13"]


def test_markers_are_judged_in_the_environment() -> None:
    selected = installed("a 1", "b ; sys_platform == 'win32'")
    assert messages(["a"], selected) == []
    assert messages(["a"], selected, environment=WINDOWS) == [
        "a 1 requires `b ; sys_platform == 'win32'`, and no b is selected"
    ]


def test_extras_are_followed_wherever_they_are_asked_for() -> None:
    selected = (installed("a 1", "b ; extra == 'x'"), installed("c 1", "a[x]"))
    assert messages(["a"], selected[0]) == []
    assert messages(["a[x]"], selected[0]) == ["a 1 requires `b ; extra == 'x'`, and no b is selected"]
    assert messages(["a", "c"], *selected) == ["a 1 requires `b ; extra == 'x'`, and no b is selected"]


def test_the_projects_own_extras_bring_what_their_markers_say() -> None:
    assert messages(["a ; extra == 'net'"]) == []
    assert messages(["a ; extra == 'net'"], extras=("net",)) != []


def test_a_direct_reference_is_not_met_by_an_index() -> None:
    reference = "a @ https://example.org/a-1.0.tar.gz"
    assert messages([reference], installed("a 1.0", direct=True)) == []
    assert messages([reference], installed("a 1.0")) == [
        f"the project requires `{reference}`, and 1.0 from an index is selected"
    ]


def test_overrides_constraints_and_exclusions_are_heeded() -> None:
    override = Wishes({"b": (demand("b>=2"),)})
    assert messages(["a"], installed("a 1", "b<2"), installed("b 3"), wishes=override) == []
    exclusion = Wishes({}, excludes=frozenset({"b"}))
    assert messages(["a"], installed("a 1", "b"), wishes=exclusion) == []
    constraint = Wishes({}, constraints=(demand("a<1"),))
    assert messages(["a"], installed("a 1"), wishes=constraint) == ["the project constrains `a<1`, and 1 is selected"]


def test_a_violation_names_its_environment() -> None:
    (violation,) = verify([demand("a")], [], WINDOWS, extras=["net"])
    assert str(violation).startswith("Python 3.12.0 on win32 AMD64 [net]: ")

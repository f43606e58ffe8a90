from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING

import pytest

from chapbook_core.index.page_rows import build_page
from chapbook_core.index.policy import (
    NoBinary,
    NoPrereleases,
    NoYanked,
    OnlyBinary,
    Policy,
    Projects,
    PythonRange,
    exclude_newer,
    minimum_age,
    read_projects,
    reasons_against,
    refusals,
)
from chapbook_core.requirements.constraint import parse_constraint
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from chapbook_core.index.file_table import Row

NOON = datetime(2024, 6, 1, 12, tzinfo=UTC)


def row(filename: str, *, time: str | None = None, python: str | None = None, yanked: str | None = None) -> Row:
    return (filename, filename, "", None, time, python, yanked, None)


PAGE = build_page(
    "foo",
    [
        row("foo-1.0.tar.gz", python=">=2.7,<3", time="2020-01-01T00:00:00.000000Z"),
        row("foo-2.0.tar.gz", python=">=3.8", time="2024-05-31T00:00:00.000000Z", yanked="leaks"),
        row("foo-3.0-py3-none-any.whl", time="2024-06-01T12:00:00.000000Z"),
        row("foo-3.1a1-py3-none-any.whl", python=">=3.12"),
        row("foo-3.1a1.tar.gz", python=">=3.9.*", time="2024-07-01T00:00:00.000000Z"),
    ],
    "https://example.org/simple/foo/",
)


def refused(policy: Policy) -> tuple[str, ...]:
    return PAGE.summary.selected(policy.refusal(PAGE.summary).versions)


def refused_files(policy: Policy) -> dict[str, str]:
    files = [file for release in PAGE.releases for file in release.files]
    return {file.filename: reason for file in files if (reason := policy.against("foo", file))}


def test_yanked_versions_are_refused_unless_named() -> None:
    assert refused(NoYanked()) == ("2.0",)
    assert refused_files(NoYanked()) == {"foo-2.0.tar.gz": "is yanked (leaks)"}
    named = NoYanked(frozenset({version_key("2")}))
    assert refused(named) == ()
    assert refused_files(named) == {}


def test_prereleases_are_refused() -> None:
    assert refused(NoPrereleases()) == ("3.1a1",)
    assert set(refused_files(NoPrereleases())) == {"foo-3.1a1-py3-none-any.whl", "foo-3.1a1.tar.gz"}


def test_versions_for_no_wanted_python_are_refused() -> None:
    policy = PythonRange(parse_constraint(">=3.10,<3.12"))
    assert refused(policy) == ("1.0",)
    assert refused_files(policy) == {
        "foo-1.0.tar.gz": "is for Python `>=2.7,<3`",
        "foo-3.1a1-py3-none-any.whl": "is for Python `>=3.12`",
    }
    assert refused(PythonRange(parse_constraint("^2.7"))) == ("2.0", "3.1a1")


def test_what_came_at_the_moment_or_later_is_excluded_and_so_is_what_has_no_time() -> None:
    policy = exclude_newer(NOON)
    assert refused(policy) == ("3.0", "3.1a1")
    assert refused_files(policy) == {
        "foo-3.0-py3-none-any.whl": "was not there before 2024-06-01 12:00:00 UTC",
        "foo-3.1a1-py3-none-any.whl": "was not there before 2024-06-01 12:00:00 UTC, as far as the index tells",
        "foo-3.1a1.tar.gz": "was not there before 2024-06-01 12:00:00 UTC",
    }


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    assert exclude_newer(NOON.astimezone(timezone(timedelta(hours=-7)))) == exclude_newer(NOON)


def test_what_is_too_young_is_refused_but_not_what_has_no_time_or_is_excepted() -> None:
    policy = minimum_age(NOON + timedelta(days=3), 3)
    assert policy.reason == "is younger than 3 days"
    assert refused(policy) == ("3.0", "3.1a1")
    assert "foo-3.1a1-py3-none-any.whl" not in refused_files(policy)
    assert refused(minimum_age(NOON, 1, except_names=["foo"])) == ()
    assert refused_files(minimum_age(NOON, 1, except_names=["foo"])) == {}


def test_no_binary_asks_for_source_and_only_binary_for_wheels() -> None:
    assert refused(NoBinary(Projects(every=True))) == ("3.0",)
    assert set(refused_files(NoBinary(Projects(frozenset({"foo"}))))) == {
        "foo-3.0-py3-none-any.whl",
        "foo-3.1a1-py3-none-any.whl",
    }
    assert refused(OnlyBinary(Projects(frozenset({"foo"})))) == ("1.0", "2.0")
    assert set(refused_files(OnlyBinary(Projects(every=True)))) == {
        "foo-1.0.tar.gz",
        "foo-2.0.tar.gz",
        "foo-3.1a1.tar.gz",
    }
    assert refused(OnlyBinary(Projects(frozenset({"bar"})))) == ()


@pytest.mark.parametrize(
    ("words", "projects"),
    [
        (True, Projects(every=True)),
        (False, Projects()),
        ([":all:"], Projects(every=True)),
        (["Foo.Bar", "baz"], Projects(frozenset({"foo-bar", "baz"}))),
        ([":all:", "a", ":none:", "b"], Projects(frozenset({"b"}))),
    ],
)
def test_the_words_of_pip_name_projects(words: list[str] | bool, projects: Projects) -> None:
    assert read_projects(words) == projects


def test_every_reason_is_told() -> None:
    policies: list[Policy] = [NoYanked(), NoPrereleases(), OnlyBinary(Projects(every=True)), NoBinary(Projects())]
    assert [refusal.reason for refusal in refusals(policies, PAGE.summary)] == [
        "is yanked",
        "is a pre-release",
        "has no wheel",
    ]
    (file,) = PAGE.release("2.0").files
    assert reasons_against(policies, "foo", file) == (
        "is yanked (leaks)",
        "is source, and `only-binary` asks for wheels",
    )

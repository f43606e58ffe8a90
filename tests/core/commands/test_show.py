from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.commands.report import Span, Table
from chapbook_core.commands.text import Writing, write_text
from tests.core.commands.inspected import DEMO, assert_golden, make_environment, write_project

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook, Outcome
    from tests.fakes.index import FakeIndex


def names(outcome: Outcome) -> list[str]:
    assert 0 == outcome.status, outcome.err
    return [line.split()[0] for line in outcome.out.splitlines()]


@pytest.mark.usefixtures("aged_demo")
def test_the_list_holds_what_this_environment_can_get(chapbook: Chapbook, index: FakeIndex) -> None:
    outcome = chapbook("show")
    assert_golden("show", outcome.out)
    assert {} == dict(index.counts)


@pytest.mark.usefixtures("aged_demo")
def test_groups_are_chosen_as_for_installing(chapbook: Chapbook) -> None:
    everything = ["a", "b", "c", "f", "p", "t"]
    assert everything == names(chapbook("show"))
    assert ["a", "b", "c", "f", "p"] == names(chapbook("show", "--without", "dev"))
    assert ["a", "b", "c", "f", "p", "s", "t"] == names(chapbook("show", "--with=docs"))
    assert ["b", "c", "s", "t"] == names(chapbook("show", "--only", "dev,docs"))
    outcome = chapbook("show", "--only=dev", "--with=docs")
    assert ["b", "c", "t"] == names(outcome)
    assert "`--only` goes before `--with` and `--without`" in outcome.err
    outcome = chapbook("show", "--with=doc")
    assert (1, "error: the project has no group `doc`\nhint: did you mean `docs`?\n") == (outcome.status, outcome.err)


def test_other_environments_packages_are_shown_when_asked_for(aged_demo: Path, chapbook: Chapbook) -> None:
    write_project(aged_demo, DEMO.replace('"a (>=1)"', '"a (>=1)", "w; sys_platform == \'nowhere\'"'))
    assert 0 == chapbook("--no-cache", "lock").status
    assert "w" not in names(chapbook("show"))
    assert "w" in names(chapbook("show", "--all"))
    assert "\x1b[2mw\x1b[0m" in chapbook("show", "--all", "--ansi").out
    assert '  the project  * ; sys_platform == "nowhere"\n' in chapbook("show", "w").out


@pytest.mark.usefixtures("aged_demo")
def test_what_the_project_itself_requires_can_be_shown_alone(chapbook: Chapbook) -> None:
    assert ["a", "c", "p", "t"] == names(chapbook("show", "-T"))
    assert ["t"] == names(chapbook("show", "-T", "--only=dev"))


@pytest.mark.usefixtures("aged_demo")
def test_the_tree_is_told_once_and_circles_end(chapbook: Chapbook, index: FakeIndex) -> None:
    assert_golden("show-tree", chapbook("show", "--tree").out)
    index.serve("c", "2.0", requires=["a"], extras={"fast": ("f>=1",)})
    index.remove("a", "1.1")
    assert 0 == chapbook("--no-cache", "lock", "--regenerate").status
    assert_golden("show-tree-circle", chapbook("show", "--tree", "a").out)


@pytest.mark.usefixtures("aged_demo")
def test_the_ways_to_one_package_are_a_tree_too(chapbook: Chapbook) -> None:
    assert_golden("show-tree-why", chapbook("show", "c", "--tree", "--why").out)


@pytest.mark.usefixtures("aged_demo")
def test_newest_versions_are_asked_for_only_of_what_is_shown(chapbook: Chapbook, index: FakeIndex) -> None:
    outcome = chapbook("--no-cache", "show", "--latest", "--only=dev")
    assert_golden("show-latest", outcome.out)
    assert 3 == index.counts["page"]


@pytest.mark.usefixtures("aged_demo")
def test_only_what_has_a_newer_version_is_outdated(chapbook: Chapbook) -> None:
    # `t` has a newer version that is yanked, `f` one that is a pre-release.
    outcome = chapbook("--no-cache", "show", "-o", "--ansi")
    assert "\x1b[31m1.1\x1b[0m" in outcome.out
    assert "\x1b[33m2.0\x1b[0m" in outcome.out
    assert ["a", "b", "c"] == names(chapbook("--no-cache", "show", "-o"))


@pytest.mark.usefixtures("aged_demo")
def test_what_requires_each_package_is_a_column(chapbook: Chapbook) -> None:
    outcome = chapbook("show", "--why")
    assert_golden("show-why", outcome.out)


@pytest.mark.usefixtures("aged_demo")
def test_the_list_as_json_has_poetrys_keys(chapbook: Chapbook) -> None:
    outcome = chapbook("--no-cache", "show", "--format", "json", "--latest", "--why", "--only=dev")
    expected: list[dict[str, Any]] = [
        {
            "name": "b",
            "installed_status": "unknown",
            "version": "1.5",
            "latest_version": "2.0",
            "required_by": ["a", "t"],
            "description": "In the middle",
        },
        {
            "name": "c",
            "installed_status": "unknown",
            "version": "2.0",
            "latest_version": "2.1",
            "required_by": ["b", "p"],
            "description": "",
        },
        {
            "name": "t",
            "installed_status": "unknown",
            "version": "1.0",
            "latest_version": "1.0",
            "description": "Tries things out",
        },
    ]
    assert expected == json.loads(outcome.out)


def test_what_is_not_installed_is_marked(aged_demo: Path, chapbook: Chapbook) -> None:
    make_environment(aged_demo, "3.11.4", "a-1.0", "C-1.9", "t-1.0")
    outcome = chapbook("show", "--without=docs")
    assert "b (!)" in outcome.out
    assert "a (!)" not in outcome.out
    statuses = {one["name"]: one["installed_status"] for one in json.loads(chapbook("show", "-f", "json").out)}
    assert {"b", "f", "p"} == {name for name, status in statuses.items() if status == "not-installed"}
    assert "installed  1.9\n" in chapbook("show", "c").out
    assert "installed    no\n" in chapbook("show", "b").out


def test_the_python_of_the_environment_decides(aged_demo: Path, chapbook: Chapbook) -> None:
    write_project(aged_demo, DEMO.replace('"a (>=1)"', '"a (>=1)", "w; python_version < \'3.10\'"'))
    assert 0 == chapbook("--no-cache", "lock").status
    make_environment(aged_demo, "3.9.18")
    assert "w" in names(chapbook("show"))
    (aged_demo / ".venv" / "pyvenv.cfg").write_text("home = /opt/bin\nversion = 3.14.1\n", "utf-8")
    outcome = chapbook("show")
    assert 1 == outcome.status
    assert outcome.err.startswith("error: Python 3.14.1 is not among those the lock is for: >=3.9,<3.14\n")
    assert ["a", "b", "c", "f", "p", "s", "t", "w"] == names(chapbook("show", "-a"))


@pytest.mark.usefixtures("aged_demo")
def test_one_package_is_told_with_its_neighbours(chapbook: Chapbook) -> None:
    assert_golden("show-one", chapbook("show", "B").out)
    assert {
        "name": "b",
        "version": "1.5",
        "description": "In the middle",
        "dependencies": {"c": "*"},
        "required_by": {"a": ">=1,<2", "t": ">=1"},
    } == json.loads(chapbook("show", "b", "-f", "json").out)


@pytest.mark.usefixtures("aged_demo")
def test_every_version_of_one_package_is_listed_newest_first(chapbook: Chapbook, index: FakeIndex) -> None:
    index.serve("c", "1.0")
    index.yank("c", "1.0")
    index.serve("c", "3.0a1")
    index.set_status("c", "archived", "use d")
    outcome = chapbook("--no-cache", "show", "c", "--latest")
    assert_golden("show-one-latest", outcome.out)
    assert "warning: `c` is archived: no more releases are to be expected (use d)\n" == outcome.err
    told = json.loads(chapbook("--no-cache", "show", "c", "-l", "-f", "json").out)
    assert "2.1" == told["latest_version"]
    assert ["3.0a1", "2.1", "2.0", "1.0"] == [one["version"] for one in told["versions"]]


def test_versions_that_a_policy_rules_out_are_not_the_latest(
    aged_demo: Path, chapbook: Chapbook, index: FakeIndex
) -> None:
    index.serve("b", "3.0", uploaded="2025-06-01T00:00:00Z")
    write_project(aged_demo, DEMO + '\n[tool.chapbook]\nexclude-newer = "2025-01-01T00:00:00Z"\n')
    outcome = chapbook("--no-cache", "show", "b", "--latest")
    assert "latest       2.0\n" in outcome.out
    line = next(line for line in outcome.out.splitlines() if line.startswith("  3.0"))
    assert "2025-01-01" in line


@pytest.mark.usefixtures("aged_demo")
def test_a_package_that_is_not_locked_is_an_error_with_the_nearest_name(chapbook: Chapbook) -> None:
    outcome = chapbook("show", "numpy")
    assert (1, "error: the lock does not hold `numpy`\nhint: run `chapbook add numpy`\n") == (
        outcome.status,
        outcome.err,
    )


@pytest.mark.usefixtures("aged_demo")
@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--tree --top-level", "`--tree`"),
        ("--top-level a", "`--top-level` is for the list"),
        ("--why --tree", "`--why` with `--tree` needs a package"),
        ("--why a", "`--why` for one package needs `--tree`"),
        ("--tree --format json", "a tree is printed as text only"),
        ("--format yaml", "does not know `yaml`"),
    ],
)
def test_options_that_contradict_each_other_are_a_mistake_of_use(chapbook: Chapbook, words: str, message: str) -> None:
    outcome = chapbook("show", *words.split())
    assert 2 == outcome.status
    assert message in outcome.err


def test_without_a_lock_there_is_nothing_to_show(folder: Path, chapbook: Chapbook) -> None:
    write_project(folder)
    outcome = chapbook("show")
    assert 1 == outcome.status
    assert outcome.err.endswith("poetry.lock\nhint: run `chapbook lock`\n")


def test_a_stale_lock_is_shown_with_a_warning(aged_demo: Path, chapbook: Chapbook) -> None:
    write_project(aged_demo, DEMO.replace('"c[fast]"', '"c"'))
    outcome = chapbook("show")
    assert 0 == outcome.status
    assert outcome.err.startswith("warning: poetry.lock does not belong to this pyproject.toml\n")


def test_a_package_from_elsewhere_is_shown_with_its_place(folder: Path, chapbook: Chapbook) -> None:
    write_project(folder, DEMO)
    (folder / "poetry.lock").write_text(
        """\
[[package]]
name = "a"
version = "1.0"
description = ""
optional = false
python-versions = "*"
groups = ["main"]
files = []

[package.source]
type = "git"
url = "https://example.org/a.git"
reference = "main"
resolved_reference = "0123456789012345678901234567890123456789"

[metadata]
lock-version = "2.1"
python-versions = ">=3.9"
content-hash = "00"
""",
        "utf-8",
    )
    assert chapbook("show").out == "a  1.0 0123456\n"
    # Nothing is asked about what comes from no index.
    assert chapbook("show", "--latest", "--offline").out == "a  1.0 0123456  1.0 0123456\n"


def test_a_table_is_cut_to_the_page_and_not_when_the_output_is_no_terminal() -> None:
    table = Table((("a", "a long description"), ("bb", Span("short"))), cut=True)
    assert "a   a long description\nbb  short\n" == write_text([table])
    assert "a   a long...\nbb  short\n" == write_text([table], Writing(width=14))
    assert "a\nbb\n" == write_text([table], Writing(width=6))
    assert "a   a long description\nbb  short\n" == write_text([Table(table.rows)], Writing(width=14))

"""What commands tell programs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from tests.core.commands.conftest import Chapbook
    from tests.fakes.index import FakeIndex

PROJECT = """\
[project]
name = "here"
version = "1.0.0"
requires-python = ">=3.9"
dependencies = ["a"]
[[tool.poetry.source]]
name = "mine"
url = "https://me:secret@example.org/simple"
priority = "explicit"
"""


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("lock --dry-run", '"is_written": false'),
        ("search a", '"name": "a"'),
        ("source show mine", '"url": "https://example.org/simple"'),
        ("version minor --dry-run", '"version": "1.1.0"'),
        ("cache info", '"holdings": ['),
        ("env use system", '"made": true'),
    ],
)
def test_a_program_reads_the_result_as_json(
    connected: Path, index: FakeIndex, chapbook: Chapbook, line: str, told: str
) -> None:
    index.serve("a", "1.0")
    (connected / "pyproject.toml").write_text(PROJECT, "utf-8")
    outcome = chapbook(*line.split(), "--format", "json")
    assert 0 == outcome.status, outcome.err
    assert json.loads(outcome.out)
    assert told in outcome.out
    assert "secret" not in outcome.out


def test_a_program_reads_an_error_as_json_and_a_person_as_text(folder: Path, chapbook: Chapbook) -> None:
    outcome = chapbook("show", "--format", "json")
    told = json.loads(outcome.out)["error"]
    assert outcome.status == told["exit_status"] == 1
    assert told["kind"] == "ProjectNotFound"
    assert f"no project in `{folder}`" in told["message"]
    assert told["hints"]
    assert told["data"] is None
    assert outcome.err.startswith(f"error: {told['message']}\n")


@pytest.mark.parametrize(
    "line",
    [
        "show --format json --tree",
        "show --format json --bogus",
        "show -fjson --tree --top-level",
        "--format json show",
        "shwo --format=json",
    ],
)
@pytest.mark.usefixtures("folder")
def test_a_program_reads_a_mistake_in_its_words_as_json(chapbook: Chapbook, line: str) -> None:
    outcome = chapbook(*line.split())
    told = json.loads(outcome.out)["error"]
    assert (outcome.status, told["kind"], told["exit_status"]) == (2, "UsageError", 2)
    assert told["message"] in outcome.err.replace("error: ", "")


@pytest.mark.parametrize(
    "line", ["show --bogus", "show --format yaml", "export --format json", "run tool --format json", "shwo json"]
)
@pytest.mark.usefixtures("folder")
def test_nobody_who_did_not_ask_for_json_reads_an_error_twice(chapbook: Chapbook, line: str) -> None:
    outcome = chapbook(*line.split())
    assert outcome.status != 0
    assert outcome.out == ""
    assert outcome.err.startswith("error: ")


def test_a_bug_tells_a_program_where_it_happened(
    chapbook: Chapbook, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run(*_: object) -> None:
        raise ZeroDivisionError(str(folder))

    monkeypatch.setattr("chapbook_core.commands.status.run", run)
    outcome = chapbook("status", "--format", "json")
    told = json.loads(outcome.out)["error"]
    assert (outcome.status, told["kind"]) == (70, "Bug")
    assert "Traceback" in told["data"]["traceback"]
    assert "Traceback" not in outcome.err

from __future__ import annotations

from xml.etree import ElementTree as ET

from chapbook_core.commands.testing.junit import junit_xml
from chapbook_core.commands.testing.trial import CellRun, Failure, Outcome

PASSED = Outcome("a.ipynb", 2, (CellRun(2, 0.5), CellRun(3, 0.25)), 1.0)
FAILED = Outcome(
    "b.ipynb", 4, (CellRun(1, 0.1),), 1.0, Failure("E: <x>", 2, "x", "trace \x1b[0m\x00 & <x>", output="said ]]> it")
)
BROKEN = Outcome("c.ipynb", failure=Failure("`c.ipynb` is not a notebook"))
LEFT = Outcome("d.ipynb", 3, is_left_out=True)


def test_each_cell_is_a_case_and_what_did_not_run_is_skipped() -> None:
    suites = ET.fromstring(junit_xml([PASSED, FAILED, BROKEN, LEFT]))
    counts = [[suite.get(name) for name in ("name", "tests", "failures", "errors", "skipped")] for suite in suites]
    assert [
        ["a.ipynb", "2", "0", "0", "0"],
        ["b.ipynb", "3", "1", "0", "1"],
        ["c.ipynb", "1", "0", "1", "0"],
        ["d.ipynb", "1", "0", "0", "1"],
    ] == counts
    assert [["cell 2", "cell 3"], ["cell 1", "cell 2", "cells behind"], ["notebook"], ["cells behind"]] == [
        [case.get("name") for case in suite.iter("testcase")] for suite in suites
    ]
    assert all(int(suite.get("tests", "")) == len(list(suite.iter("testcase"))) for suite in suites)


def test_what_xml_cannot_hold_is_left_out() -> None:
    (failure,) = ET.fromstring(junit_xml([FAILED])).iter("failure")
    assert ("E: <x>", "trace [0m & <x>") == (failure.get("message"), failure.text)
    (said,) = ET.fromstring(junit_xml([FAILED])).iter("system-out")
    assert "said ]]> it" == said.text


def test_without_notebooks_it_is_a_report_all_the_same() -> None:
    assert [] == list(ET.fromstring(junit_xml([])))

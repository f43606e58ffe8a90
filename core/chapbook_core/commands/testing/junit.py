"""JUnit XML, which every continuous integration reads: a suite for each notebook, a case for each cell."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.sax.saxutils import escape, quoteattr

from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.commands.testing.trial import Outcome

_NOT_XML = late_pattern("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit_xml(outcomes: Sequence[Outcome]) -> str:
    """Return the text of the file."""
    body = "".join(text for outcome in outcomes for text in _suite(outcome))
    return f'<?xml version="1.0" encoding="utf-8"?>\n<testsuites name="chapbook">\n{body}</testsuites>\n'


def _suite(outcome: Outcome) -> Iterator[str]:
    failed = outcome.failure is not None and outcome.failure.cell is not None
    broken = outcome.failure is not None and not failed
    ran = len(outcome.cells) + (outcome.failure is not None)
    left = max(outcome.total - ran, 0) if not broken else 0
    attributes = {
        "name": outcome.notebook,
        "tests": ran + (1 if left else 0),
        "failures": int(failed),
        "errors": int(broken),
        "skipped": int(left > 0),
        "time": f"{outcome.seconds:.3f}",
    }
    yield f"  <testsuite {_pairs(attributes)}>\n"
    for cell in outcome.cells:
        yield f"    <testcase {_case(outcome, f'cell {cell.number}', cell.seconds)}/>\n"
    if outcome.failure is not None:
        failure = outcome.failure
        kind = "failure" if failed else "error"
        yield f"    <testcase {_case(outcome, f'cell {failure.cell}' if failed else 'notebook', 0)}>\n"
        text = _clean(failure.traceback or failure.message)
        yield f"      <{kind} message={_quoted(failure.message)}>{escape(text)}</{kind}>\n"
        if failure.output:
            yield f"      <system-out>{escape(_clean(failure.output))}</system-out>\n"
        yield "    </testcase>\n"
    if left:
        why = f"{left} {'cell was' if left == 1 else 'cells were'} not run"
        yield f"    <testcase {_case(outcome, 'cells behind', 0)}>\n"
        yield f"      <skipped message={_quoted(why)}/>\n    </testcase>\n"
    yield "  </testsuite>\n"


def _case(outcome: Outcome, name: str, seconds: float) -> str:
    return _pairs({"classname": outcome.notebook, "name": name, "time": f"{seconds:.3f}"})


def _pairs(attributes: dict[str, object]) -> str:
    return " ".join(f"{name}={_quoted(str(value))}" for name, value in attributes.items())


def _quoted(text: str) -> str:
    return quoteattr(_clean(text))


def _clean(text: str) -> str:
    """Leave out what XML cannot hold."""
    return _NOT_XML.sub("", text)

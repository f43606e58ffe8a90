from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.project.notebook_metadata import NoNotebook, own_metadata, with_own_metadata

FILE = Path("a.ipynb")
NOTEBOOK = {
    "cells": [{"cell_type": "code", "metadata": {"chapbook": 1}, "source": ['print("ä \\u2028 {")\n'], "outputs": []}],
    "metadata": {"kernelspec": {"name": "chapbook"}, "language_info": {"name": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}
OWN = {"stamp": {"python": "3.11.7", "imports": {"a": "1.0"}}}


@pytest.mark.parametrize("indent", [None, 1, 2, 4, "\t"])
@pytest.mark.parametrize("is_ascii", [True, False])
@pytest.mark.parametrize("metadata", [NOTEBOOK["metadata"], {}, {"a": 1}, {"z": {}}])
def test_it_is_written_as_the_notebook_is_laid_out(indent: int | str | None, is_ascii: bool, metadata: object) -> None:
    def dumped(own: dict[str, object]) -> str:
        value = {**NOTEBOOK, "metadata": dict(sorted({**metadata, **own}.items()))}  # type: ignore[dict-item]  # a table
        return json.dumps(value, indent=indent, ensure_ascii=is_ascii) + "\n"

    before, after = dumped({}), dumped({"chapbook": {"stamp": {"imports": {"a": "1.0"}, "python": "3.11.7"}}})
    assert after == with_own_metadata(before, OWN, FILE)
    assert OWN == own_metadata(after, FILE)
    assert after == with_own_metadata(after, OWN, FILE)
    assert before == with_own_metadata(after, {}, FILE)
    assert before == with_own_metadata(before, {}, FILE)
    assert {} == own_metadata(before, FILE)


def test_compact_files_and_other_line_ends_stay_as_they_are() -> None:
    compact = json.dumps(NOTEBOOK, separators=(",", ":"))
    written = with_own_metadata(compact, OWN, FILE)
    assert '"metadata":{"chapbook":{"stamp":{"imports":{"a":"1.0"},"python":"3.11.7"}},"kernelspec"' in written
    windows = json.dumps(NOTEBOOK, indent=1).replace("\n", "\r\n")
    written = with_own_metadata(windows, OWN, FILE)
    assert "\n" not in written.replace("\r\n", "")
    assert windows == with_own_metadata(written, {}, FILE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no",
        "[]",
        "{",
        '{"cells": []',
        '{"cells": []}',
        '{"metadata": {}}',
        '{"cells": [], "metadata": 3}',
        '{"a" 1}',
    ],
)
def test_what_is_no_notebook_is_told(text: str) -> None:
    with pytest.raises(NoNotebook):
        with_own_metadata(text, OWN, FILE)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5),
    max_leaves=20,
)


@settings(deadline=None, max_examples=60)
@given(
    metadata=st.dictionaries(st.text(), values, max_size=5),
    rest=st.dictionaries(st.text(), values, max_size=5),
    indent=st.sampled_from([None, 0, 1, 3]),
    is_ascii=st.booleans(),
)
def test_everything_else_stays(
    metadata: dict[str, object], rest: dict[str, object], indent: int | None, is_ascii: bool
) -> None:
    metadata.pop("chapbook", None)
    value = {**rest, "cells": [], "metadata": metadata}
    text = json.dumps(value, indent=indent, ensure_ascii=is_ascii)
    written = with_own_metadata(text, OWN, FILE)
    assert {**value, "metadata": {**metadata, "chapbook": OWN}} == json.loads(written)
    assert value == json.loads(with_own_metadata(written, {}, FILE))
    assert OWN == own_metadata(written, FILE)

from __future__ import annotations

import csv
import hashlib
import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.record import Row, base64_digest, expected_digest, read_rows, record_text

NAMES = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1)


@settings(deadline=None, max_examples=100)
@given(st.lists(st.tuples(NAMES, st.sampled_from(["", "sha256=abc"]), st.sampled_from(["", "12"]))))
def test_rows_are_written_and_read_as_csv_does(rows: list[tuple[str, str, str]]) -> None:
    body = record_text(Row(*fields) for fields in rows)
    assert [list(fields) for fields in rows] == list(csv.reader(io.StringIO(body.decode(), newline="")))
    assert [Row(*fields) for fields in rows] == list(read_rows(body))


def test_line_ends_of_windows_and_a_mark_at_the_start_are_borne() -> None:
    assert [Row("a"), Row("b", "x=y", "1")] == list(read_rows(b"\xef\xbb\xbfa,,\r\nb,x=y,1\r\n"))


@pytest.mark.parametrize("line", ["a", "a,b", "a,b,c,d", '"a,b,c', '"a"b,c,d', "\xff"])
def test_what_is_no_row_is_refused(line: str) -> None:
    with pytest.raises(Refusal, match="RECORD cannot be read"):
        list(read_rows(line.encode("latin-1")))


def test_a_digest_is_read_back() -> None:
    digest = hashlib.sha256(b"content").digest()
    assert ("sha256", digest) == expected_digest(Row("a", f"sha256={base64_digest(digest)}", "7"))
    assert ("sha256", digest) == expected_digest(Row("a", f"sha256={base64_digest(digest)}=", "7"))


@pytest.mark.parametrize("text", ["", "sha256", "md5=abc", "sha1=abc", "sha256=", "sha256=abc", "sha256=" + "!" * 43])
def test_a_digest_that_proves_nothing_is_refused(text: str) -> None:
    with pytest.raises(Refusal, match="RECORD"):
        expected_digest(Row("a", text, "1"))

from __future__ import annotations

import os
import threading

from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.engine.inlet import read_lines


def read(pieces: list[bytes], longest: int = 100) -> list[bytes | None]:
    source, target = os.pipe()

    def write() -> None:
        for piece in pieces:
            os.write(target, piece)
        os.close(target)

    thread = threading.Thread(target=write)
    thread.start()
    lines = list(read_lines(source, longest))
    thread.join()
    os.close(source)
    return lines


def test_lines_are_whole_however_they_arrive() -> None:
    assert read([b"on", b"e\ntwo", b"\n", b"thr", b"ee\n"]) == [b"one", b"two", b"three"]


def test_a_last_line_without_its_end_is_nothing() -> None:
    assert read([b"one\ntw"]) == [b"one"]


def test_a_line_that_is_too_long_is_not_kept() -> None:
    assert read([b"x" * 60, b"x" * 60, b"x" * 60, b"\nshort\n"]) == [None, b"short"]


@given(st.lists(st.binary(max_size=20), max_size=8))
@settings(max_examples=50, deadline=None)
def test_pieces_make_no_difference(pieces: list[bytes]) -> None:
    assert read(pieces) == read([b"".join(pieces)])

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

from chapbook_core.project.recent import Recent


def test_an_answer_is_told_again_for_the_very_same_values() -> None:
    recent: Recent[str] = Recent()
    one, other = ["a"], ["a"]
    recent.keep("answer", one, "word")
    assert "answer" == recent.recall(one, "word")
    assert recent.recall(other, "word") is None
    assert recent.recall(one) is None
    assert recent.recall(one, "word", one) is None


def test_bytes_are_the_same_wherever_they_were_read() -> None:
    recent: Recent[str] = Recent()
    recent.keep("answer", b"content" * 3)
    assert "answer" == recent.recall(bytes(bytearray(b"content" * 3)))
    assert recent.recall(b"content") is None


def test_what_is_equal_and_something_else_is_not_taken_for_it() -> None:
    recent: Recent[str] = Recent()
    recent.keep("answer", {"optional": 1})
    assert recent.recall({"optional": True}) is None


def test_the_oldest_answers_are_forgotten() -> None:
    recent: Recent[int] = Recent()
    for number in range(9):
        recent.keep(number, b"%d" % number)
    assert [None] * 5 + [5, 6, 7, 8] == [recent.recall(b"%d" % number) for number in range(9)]


def test_a_newer_answer_to_the_same_goes_before() -> None:
    recent: Recent[int] = Recent()
    recent.keep(1, b"same")
    recent.keep(2, b"same")
    assert 2 == recent.recall(b"same")


def test_threads_are_told_what_they_asked_for() -> None:
    recent: Recent[int] = Recent()

    def ask(number: int) -> bool:
        key = b"%d" % (number % 7)
        known = recent.recall(key)
        if known is None:
            recent.keep(number % 7, key)
        return known in (None, number % 7)

    with ThreadPoolExecutor(4) as pool:
        assert all(pool.map(ask, range(2000)))

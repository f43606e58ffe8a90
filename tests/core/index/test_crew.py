"""The threads that work off wishes."""

from __future__ import annotations

import threading
from concurrent.futures import CancelledError, Future
from functools import partial

import pytest

from chapbook_core.index.crew import Crew, Wish


class _Interrupted(threading.Thread):
    """A thread that is on its way when the person presses Ctrl-C."""

    def start(self) -> None:
        raise KeyboardInterrupt


def test_an_interrupt_while_a_thread_starts_is_no_other_error(monkeypatch: pytest.MonkeyPatch) -> None:
    crew = Crew(2)
    monkeypatch.setattr(threading, "Thread", _Interrupted)
    with pytest.raises(KeyboardInterrupt):
        crew.ask(Wish(lambda: None))
    crew.close(1.0)


def test_what_was_asked_for_is_done() -> None:
    crew = Crew(2)
    wishes = [Wish(partial(pow, number, 2)) for number in range(9)]
    for wish in wishes:
        crew.ask(wish)
    assert [wish.future.result(timeout=300) for wish in wishes] == [number**2 for number in range(9)]
    crew.close(1.0)


class _JustTooLate(Future[str]):
    """Comes at the end of the first wait for it."""

    def result(self, timeout: float | None = None) -> str:
        if not self.done():
            self.set_result("done")
            raise TimeoutError
        return super().result(timeout)


def test_what_ends_as_a_wait_for_it_does_has_its_result() -> None:
    wish = Wish(partial(str, 1))
    wish.future = _JustTooLate()
    assert wish.waited(lambda: None) == "done"


def test_work_that_has_timed_out_says_so() -> None:
    def work() -> None:
        raise TimeoutError("the index")

    wish = Wish(work)
    wish.do()
    with pytest.raises(TimeoutError, match="the index"):
        wish.waited(lambda: None)


def test_who_waits_for_what_is_let_go_is_told() -> None:
    crew = Crew(1)
    begun, goes_on = threading.Event(), threading.Event()

    def work() -> str:
        begun.set()
        goes_on.wait(60)
        return "done"

    first, second, third = Wish(work), Wish(partial(str, 2)), Wish(partial(str, 3))
    for wish in (first, second):
        crew.ask(wish)
    # Who is told asks for more.
    second.future.add_done_callback(lambda _future: crew.ask(third))
    begun.wait(60)
    crew.close(0.0)
    # Nobody takes back what has begun.
    crew.ask(first, urgent=True)
    goes_on.set()
    assert first.future.result(timeout=300) == "done"
    for wish in (second, third):
        with pytest.raises(CancelledError):
            wish.future.result(timeout=300)


def test_there_are_few_threads_where_work_gets_done_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chapbook_core.index.crew._MOMENT", 3600)
    crew = Crew(50, eager=2)
    wishes = [Wish(threading.get_ident) for _ in range(100)]
    crew.ask(*wishes)
    assert len({wish.future.result(timeout=300) for wish in wishes}) <= 2
    crew.close(60.0)


def test_more_threads_begin_while_nothing_gets_done() -> None:
    crew, together = Crew(9, eager=1), threading.Barrier(9)
    wishes = [Wish(partial(together.wait, 300)) for _ in range(9)]
    crew.ask(*wishes)
    assert list(range(9)) == sorted(wish.future.result(timeout=300) for wish in wishes)
    crew.close(60.0)


def test_where_no_more_threads_can_be_had_those_that_are_there_do_it_all(monkeypatch: pytest.MonkeyPatch) -> None:
    crew, goes_on = Crew(9, eager=1), threading.Event()
    tried = threading.Event()

    def refuse() -> None:
        tried.set()
        raise RuntimeError("can't start new thread")

    wishes = [Wish(goes_on.wait) for _ in range(9)]
    crew.ask(wishes[0])
    monkeypatch.setattr(crew, "_start", refuse)
    crew.ask(*wishes[1:])
    assert tried.wait(300)
    goes_on.set()
    assert all(wish.future.result(timeout=300) for wish in wishes)
    crew.close(60.0)


def test_where_not_even_one_thread_more_can_be_had_the_one_that_is_there_does_it_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    crew, own = Crew(9, eager=1), threading.Thread.start

    def first_alone(thread: threading.Thread) -> None:
        if thread is not crew._threads[0]:
            raise RuntimeError("can't start new thread")
        own(thread)

    monkeypatch.setattr(threading.Thread, "start", first_alone)
    goes_on = threading.Event()
    wishes = [Wish(goes_on.wait) for _ in range(9)]
    crew.ask(*wishes)
    goes_on.set()
    assert all(wish.future.result(timeout=300) for wish in wishes)
    crew.close(60.0)

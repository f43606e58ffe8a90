from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from chapbook_core.cli.stopping import stopping_by_signals

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(autouse=True)
def usual() -> Iterator[None]:
    yield
    signal.signal(signal.SIGINT, signal.default_int_handler)


def interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_an_interrupt_that_comes_in_time_stops_the_work() -> None:
    with pytest.raises(KeyboardInterrupt), stopping_by_signals(lambda: False):
        interrupt()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_one_that_comes_too_late_is_not_heard_but_the_next_is() -> None:
    heard = []

    def work() -> None:
        with stopping_by_signals(lambda: True):
            interrupt()
            heard.append("the result is told")
            interrupt()

    with pytest.raises(KeyboardInterrupt):
        work()
    assert ["the result is told"] == heard


def test_one_that_comes_too_late_is_not_heard_while_the_process_ends() -> None:
    with stopping_by_signals(lambda: True):
        pass
    interrupt()
    with pytest.raises(KeyboardInterrupt), stopping_by_signals(lambda: False):
        interrupt()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_signal_to_end_unwinds_the_work() -> None:
    with pytest.raises(SystemExit) as stopped, stopping_by_signals(lambda: True):
        os.kill(os.getpid(), signal.SIGTERM)
    assert 128 + signal.SIGTERM == stopped.value.code

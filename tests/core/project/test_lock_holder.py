from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from chapbook_core.project.lock_holder import Holder, parse_holder, this_host, this_process

SOMEBODY = Holder(4711, "far", "chapbook lock", 1_000_000_000)


def test_what_is_written_down_is_read_back() -> None:
    assert SOMEBODY == parse_holder(SOMEBODY.text())


def test_what_an_earlier_longer_text_left_behind_is_passed_over() -> None:
    assert SOMEBODY == parse_holder(SOMEBODY.text() + "ommand chapbook source add\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "something else",
        SOMEBODY.text()[:60],
        SOMEBODY.text().replace("4711", "-1"),
        SOMEBODY.text().replace("4711", "0"),
        SOMEBODY.text().replace("4711", "²"),
        SOMEBODY.text().replace("4711", "9" * 5000),
        SOMEBODY.text().replace("far", "\x1b[2J"),
        SOMEBODY.text().replace("far", "f" * 500),
        SOMEBODY.text().replace("since 1000000000", "since today"),
        SOMEBODY.text().replace("pid 4711", "pid"),
    ],
)
def test_what_no_holder_writes_names_nobody(text: str) -> None:
    assert parse_holder(text) is None


def test_a_holder_on_another_machine_is_named_with_it() -> None:
    assert "process 4711 on far (`chapbook lock`)" == SOMEBODY.described()
    assert f"process {os.getpid()} (`chapbook lock`)" == this_process("chapbook lock").described()


def test_the_day_is_told_when_it_was_another_one() -> None:
    assert len("2001-09-09 01:46:40") == len(SOMEBODY.since_when())
    assert len("01:46:40") == len(this_process("chapbook lock").since_when())
    assert Holder(1, "far", "x", 10.0**17).since_when() == "an unknown time"


@pytest.mark.skipif(sys.platform == "win32", reason="only POSIX tells without harm")
def test_a_holder_is_gone_when_its_process_is() -> None:
    done = subprocess.Popen([sys.executable, "-c", ""])
    done.wait()

    assert Holder(done.pid, this_host(), "x", time.time()).is_gone()
    assert not Holder(done.pid, "far", "x", time.time()).is_gone()
    assert not this_process("x").is_gone()

from __future__ import annotations

import hashlib
import json
import os
import select
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.events import Unwatched
from chapbook_core.installer import companion as companion_module
from chapbook_core.installer import unpacker
from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.companion import UNPACK, Companion
from chapbook_core.installer.store import Store
from chapbook_core.installer.swift import swift
from chapbook_core.installer.unpacker import Unpackers
from tests.fakes.watcher import RecordingWatcher
from tests.fakes.wheels import Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.events import Watcher
    from chapbook_core.installer.store import StoredWheel

MANY = Recipe(files={f"good/m{number}.py": b"x = 1\n" * 50 for number in range(2000)})


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as store:
        yield store


@pytest.fixture(autouse=True)
def no_library(monkeypatch: pytest.MonkeyPatch) -> None:
    """Be where threads unpack one after the other, so that there is any use in other processes."""
    monkeypatch.setattr(unpacker, "swift", lambda: None)


@pytest.fixture
def unpackers(store: Store, monkeypatch: pytest.MonkeyPatch) -> Iterator[Unpackers]:
    monkeypatch.setattr(unpacker, "_AT_ONCE", 2)
    unpackers = Unpackers(store)
    yield unpackers
    unpackers.close()


def processes(parent: int | None = None) -> list[int]:
    """The children of a process, or of this one those that unpack."""
    children: list[int] = []
    for task in Path(f"/proc/{parent or os.getpid()}/task").iterdir():
        # A thread may end at this moment.
        with suppress(OSError):
            children += map(int, (task / "children").read_text("ascii").split())
    named = unpacker._START.encode()
    return [child for child in children if parent or named in Path(f"/proc/{child}/cmdline").read_bytes().split(b"\0")]


def started(unpackers: Unpackers, parent: int | None = None) -> int:
    """Start the other process; it takes a moment until it is known by its words."""
    unpackers.start()
    while not (found := processes(parent)):
        time.sleep(0.005)
    (other,) = found
    return other


def unpack(unpackers: Unpackers, wheel: Path, watcher: Watcher | None = None) -> StoredWheel:
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    return unpackers.unpack(wheel, wheel.name, digest, watcher or Unwatched())


def leftovers(store: Store) -> list[Path]:
    """What is in the store besides entries, locks and the workshop of this process."""
    own = f"{os.getpid()}-"
    return [path for path in (store.folder / "workshops").glob("*") if not path.name.startswith(own)]


def test_another_process_unpacks(
    store: Store, unpackers: Unpackers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started(unpackers)
    with monkeypatch.context() as patches:
        patches.setattr(Store, "add_hashed", None)
        stored = unpack(unpackers, MANY.write(tmp_path))
    store.verify(stored, is_thorough=True)
    unpackers.close()
    assert [] == processes()
    assert [] == leftovers(store)


def test_until_they_are_started_there_is_no_other_process(store: Store, unpackers: Unpackers, tmp_path: Path) -> None:
    store.verify(unpack(unpackers, MANY.write(tmp_path)), is_thorough=True)
    assert [] == processes()


@pytest.mark.skipif(swift() is None, reason="the library is not built here: there was no compiler")
def test_where_threads_unpack_at_once_there_is_no_other_process(
    store: Store, unpackers: Unpackers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacker, "swift", swift)
    unpackers.start()
    store.verify(unpack(unpackers, MANY.write(tmp_path)), is_thorough=True)
    assert [] == unpackers._others
    assert [] == processes()


def test_what_the_other_refuses_is_refused_with_the_same_words(unpackers: Unpackers, tmp_path: Path) -> None:
    unpackers.start()
    for _ in range(2):
        with pytest.raises(BadWheel, match="no RECORD"):
            unpack(unpackers, Recipe(has_record=False).write(tmp_path))


def test_what_the_other_was_killed_over_is_unpacked_all_the_same(
    store: Store, unpackers: Unpackers, tmp_path: Path
) -> None:
    other = started(unpackers)
    os.kill(other, signal.SIGKILL)
    store.verify(unpack(unpackers, MANY.write(tmp_path)), is_thorough=True)


@pytest.mark.skipif(os.name != "posix", reason="processes are stopped here")
def test_one_that_hangs_is_done_without(
    store: Store, unpackers: Unpackers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacker, "_PATIENCE", 0.2)
    other = started(unpackers)
    os.kill(other, signal.SIGSTOP)
    store.verify(unpack(unpackers, MANY.write(tmp_path)), is_thorough=True)
    with os.fdopen(os.pidfd_open(other)) as ended:
        assert select.select([ended], [], [], 60)[0]


def test_one_that_is_slow_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacker, "_PATIENCE", 10.0)
    monkeypatch.setattr(unpacker, "_GLANCE", 0.01)
    outlet, inlet = os.pipe()
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        # As it says that it lives so long as it is at work.
        monkeypatch.setattr(time, "monotonic", lambda: looks * 8.0)
        os.write(inlet, unpacker._DONE if looks == 5 else unpacker._BEAT)

    with os.fdopen(outlet, "rb", buffering=0) as stream:
        assert b"....1\n" == unpacker._answer(stream, look)
    os.close(inlet)


def test_an_answer_is_heard_though_a_sign_of_life_follows_it() -> None:
    outlet, inlet = os.pipe()
    os.write(inlet, unpacker._BEAT + unpacker._DONE + unpacker._BEAT * 2)
    os.close(inlet)
    with os.fdopen(outlet, "rb", buffering=0) as stream:
        assert b".1\n" == unpacker._answer(stream, lambda: None)


def test_a_person_who_stops_it_does_not_wait_for_the_other(unpackers: Unpackers, tmp_path: Path) -> None:
    other = started(unpackers)
    os.kill(other, signal.SIGSTOP)
    problems: list[Cancelled] = []

    def work() -> None:
        try:
            unpack(unpackers, MANY.write(tmp_path), RecordingWatcher(cancel_after=1))
        except Cancelled as problem:
            problems.append(problem)

    thread = threading.Thread(target=work)
    thread.start()
    time.sleep(0.2)
    closing = threading.Thread(target=unpackers.close)
    closing.start()
    time.sleep(0.2)
    os.kill(other, signal.SIGCONT)
    for one in (closing, thread):
        one.join(timeout=60)
    assert 1 == len(problems)
    assert [] == processes()


def test_all_are_told_to_end_before_one_of_them_is_waited_for(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unpacker, "_AT_ONCE", 3)
    monkeypatch.setattr(unpacker, "_SECONDS_TO_END", 60.0)
    unpackers = Unpackers(store)
    unpackers.start()
    first, second = (other._process for other in unpackers._others)
    assert first is not None
    assert second is not None
    first.send_signal(signal.SIGSTOP)
    closing = threading.Thread(target=unpackers.close)
    closing.start()
    try:
        # Nobody has waited for it.
        os.waitid(os.P_PID, second.pid, os.WEXITED | os.WNOWAIT)
        assert closing.is_alive()
    finally:
        first.send_signal(signal.SIGCONT)
        closing.join(timeout=60)
    assert [0, 0] == [first.returncode, second.returncode]


def test_it_ends_with_its_input_and_leaves_nothing(store: Store, tmp_path: Path) -> None:
    wheel = MANY.write(tmp_path)
    words = [sys.executable, "-P", "-c", unpacker._START]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
        for told in (str(store.folder), [str(wheel), wheel.name, digest, True]):
            process.stdin.write(json.dumps(told).encode() + b"\n")
        process.stdin.flush()
        while not leftovers(store):
            time.sleep(0.005)
        process.stdin.close()
        assert process.wait(timeout=60) == 0
        assert process.stdout.read() in {b"", b"1\n"}
    assert [] == leftovers(store)


@pytest.mark.skipif(os.name != "posix", reason="no file hangs here")
def test_it_ends_with_its_input_even_when_a_file_hangs(store: Store, tmp_path: Path) -> None:
    hanging = tmp_path / "good-1.0-py3-none-any.whl"
    os.mkfifo(hanging)
    hurried = f"import {unpacker.__name__} as unpacker; unpacker._SECONDS_TO_END = 0.1; unpacker.live()"
    words = [sys.executable, "-P", "-c", hurried]
    with subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        for told in (str(store.folder), [str(hanging), hanging.name, "0" * 64, True]):
            process.stdin.write(json.dumps(told).encode() + b"\n")
        process.stdin.close()
        assert process.wait(timeout=60) == 1


@pytest.fixture
def companion(monkeypatch: pytest.MonkeyPatch) -> Iterator[Companion]:
    """Provide one that is there."""
    if os.name != "posix":
        pytest.skip("there is none here")
    monkeypatch.setattr(companion_module, "_LATER", 0.0)
    one = Companion()
    one.summon()
    while one._process is None:
        time.sleep(0.005)
    yield one
    one.dismiss()


@pytest.fixture
def helped(store: Store, companion: Companion, monkeypatch: pytest.MonkeyPatch) -> Iterator[Unpackers]:
    monkeypatch.setattr(unpacker, "_AT_ONCE", 2)
    unpackers = Unpackers(store, companion)
    yield unpackers
    unpackers.close()


def pid_of(companion: Companion) -> int:
    assert companion._process is not None
    return companion._process.pid


def test_a_companion_unpacks_for_several_stores_at_once(
    store: Store, companion: Companion, helped: Unpackers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Store(tmp_path / "other") as other_store:
        other = Unpackers(other_store, companion)
        stored: dict[Unpackers, StoredWheel] = {}

        def work(unpackers: Unpackers) -> None:
            stored[unpackers] = unpack(unpackers, wheel)

        wheel = MANY.write(tmp_path)
        with monkeypatch.context() as patches:
            patches.setattr(Store, "add_hashed", None)
            threads = [threading.Thread(target=work, args=(unpackers,)) for unpackers in (helped, other)]
            for unpackers, thread in zip((helped, other), threads, strict=True):
                unpackers.start()
                thread.start()
            for thread in threads:
                thread.join(timeout=60)
        assert [] == processes()
        for its_store, unpackers in ((store, helped), (other_store, other)):
            its_store.verify(stored[unpackers], is_thorough=True)
            unpackers.close()
    while processes(pid_of(companion)):
        time.sleep(0.005)
    assert [] == leftovers(store)


def test_when_its_companion_is_killed_its_owner_unpacks(
    store: Store, companion: Companion, helped: Unpackers, tmp_path: Path
) -> None:
    os.kill(pid_of(companion), signal.SIGKILL)
    os.waitid(os.P_PID, pid_of(companion), os.WEXITED | os.WNOWAIT)
    assert started(helped)
    store.verify(unpack(helped, MANY.write(tmp_path)), is_thorough=True)


def test_a_companion_that_hangs_is_done_without(
    store: Store, companion: Companion, helped: Unpackers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacker, "_PATIENCE", 0.2)
    os.kill(pid_of(companion), signal.SIGSTOP)
    helped.start()
    store.verify(unpack(helped, MANY.write(tmp_path)), is_thorough=True)
    assert companion.send(UNPACK) is None


def test_half_a_companion_that_hangs_is_done_without_and_ends_when_it_goes_on(
    companion: Companion, helped: Unpackers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(unpacker, "_PATIENCE", 0.2)
    half = started(helped, pid_of(companion))
    os.kill(half, signal.SIGSTOP)
    with os.fdopen(os.pidfd_open(half)) as ended:
        unpack(helped, MANY.write(tmp_path))
        os.kill(half, signal.SIGCONT)
        assert select.select([ended], [], [], 60)[0]


def test_a_person_who_stops_it_leaves_the_companion_as_it_was(
    store: Store, companion: Companion, helped: Unpackers, tmp_path: Path
) -> None:
    helped.start()
    with pytest.raises(Cancelled):
        unpack(helped, MANY.write(tmp_path), RecordingWatcher(cancel_after=1))
    helped.close()
    while processes(pid_of(companion)):
        time.sleep(0.005)
    assert [] == leftovers(store)
    other = Unpackers(store, companion)
    other.start()
    store.verify(unpack(other, MANY.write(tmp_path)), is_thorough=True)
    other.close()
    assert [] == processes()

"""The process that works on spares beside a warm engine; whatever it does not say, the engine finds out."""

from __future__ import annotations

import os
import signal
import sys
import time
from contextlib import suppress
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.installer import companion as companion_module
from chapbook_core.installer import sheet
from chapbook_core.installer.attending import attend
from chapbook_core.installer.clash import Sharing
from chapbook_core.installer.companion import ATTEND, Companion
from chapbook_core.installer.laying import lay_all
from chapbook_core.installer.placement import place_wheels
from chapbook_core.installer.readying import ReadyRequest, post, work_off
from chapbook_core.installer.relocation import Way
from chapbook_core.installer.sheet import PIECE, read_sheet
from chapbook_core.installer.spare import find_spare, has_spare, spare_folder
from chapbook_core.installer.store import StoreDamaged
from chapbook_core.installer.turn import BEGUN, WORD, Errand, Turn
from chapbook_core.value import replace
from tests.fakes.installing import tree
from tests.fakes.wheels import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.installer.store import StoredWheel
    from tests.fakes.installing import Bench

TAG = f"cpython-{sys.version_info[0]}{sys.version_info[1]}"
LIBRARY = "lib/python3.11/site-packages"
LARGE, SMALL = (
    Recipe(name=name, files={f"{name}/m{number:03}.txt": b"text\n" for number in range(count)})
    for name, count in (("large", 3 * PIECE), ("small", 3))
)
SECONDS = 30.0


def readied(bench: Bench, *recipes: Recipe) -> list[StoredWheel]:
    wheels = [bench.stored(recipe) for recipe in recipes]
    digests = tuple(wheel.manifest.sha256 for wheel in wheels)
    post(bench.store.folder, ReadyRequest(bench.folder / "no-python", TAG, digests))
    work_off(bench.store.folder, deadline=time.monotonic() + SECONDS)
    assert all(has_spare(wheel.folder, TAG) for wheel in wheels)
    return wheels


def install(bench: Bench, paths: InstallPaths, companion: Companion | None, *recipes: Recipe) -> None:
    arrivals = [replace(bench.arrival(recipe, paths), tag=TAG, companion=companion) for recipe in recipes]
    place_wheels(arrivals, bench.watcher)


def errands(wheels: list[StoredWheel], *, is_laid: bool = False) -> list[Errand]:
    return [Errand(str(wheel.folder), TAG, is_laid) for wheel in wheels]


def every_word(wheels: list[StoredWheel], *, is_laid: bool = False) -> bytes:
    said: list[bytes] = []
    attend(list(enumerate(errands(wheels, is_laid=is_laid))), said.append, lambda: False)
    return b"".join(said)


class Foresighted(Companion):
    """Has done everything, or a part, when the turn begins."""

    def __init__(self, wheels: list[StoredWheel], words: bytes | None = None) -> None:
        super().__init__()
        self._wheels, self._words = wheels, words
        self.asked: list[Errand] = []

    def begin(self, errands: Sequence[Errand]) -> Turn:
        self.asked += errands
        return Turn(BytesIO(every_word(self._wheels) if self._words is None else self._words))


@pytest.fixture
def looked(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """Note which files below folders are looked at."""
    seen: list[object] = []
    own = os.stat

    def noted(path: int | str | bytes, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        if isinstance(path, bytes):
            seen.append(path)
        return own(path, dir_fd=dir_fd, follow_symlinks=follow_symlinks)

    monkeypatch.setattr(os, "stat", noted)
    # The library asks the system itself.
    monkeypatch.setattr(sheet, "loaded_swift", lambda: None)
    return seen


@pytest.fixture
def companion(monkeypatch: pytest.MonkeyPatch) -> Iterator[Companion]:
    """Provide one with its process."""
    if os.name != "posix":
        pytest.skip("there is none here")
    monkeypatch.setattr(companion_module, "_LATER", 0.0)
    one = Companion()
    one.summon()
    until(lambda: one._process is not None)
    yield one
    if one._process is not None and one._line is not None:
        one._line.close()
        one._process.wait(timeout=SECONDS)


def until(is_so: Callable[[], bool]) -> None:
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_it_looks_from_the_last_file_to_the_first_until_it_is_over(bench: Bench) -> None:
    wheels = readied(bench, LARGE, SMALL)
    places = [spare_folder(wheel.folder, TAG) for wheel in wheels]
    pieces = len(read_sheet(places[0]).pieces)
    assert 4 == pieces
    size = len(every_word(wheels)) // (pieces + 1)
    said: list[bytes] = []
    attend(list(enumerate(errands(wheels))), said.append, lambda: len(said) == 3)
    assert every_word(wheels)[: 3 * size] == b"".join(said)
    assert [(1, 0), (0, 3), (0, 2)] == [(word[0], word[4]) for word in said]


def test_what_the_companion_has_looked_at_nobody_looks_at_again(bench: Bench, looked: list[object]) -> None:
    alone, helped = (bench.environment(name) for name in ("alone", "helped"))
    wheels = readied(bench, LARGE, SMALL)
    files = sum(len(read_sheet(spare_folder(wheel.folder, TAG)).paths) for wheel in wheels)
    looked.clear()
    install(bench, alone, None, LARGE, SMALL)
    assert files == len(looked)

    companion = Foresighted(readied(bench, LARGE, SMALL))
    looked.clear()
    install(bench, helped, companion, LARGE, SMALL)
    # What it says once is found out once: by itself.
    assert files == len(looked) == len({*looked})
    assert not any(has_spare(wheel.folder, TAG) for wheel in wheels)
    assert tree(alone.root) == tree(helped.root)


def test_it_says_nothing_of_what_was_changed_and_that_is_not_taken(bench: Bench) -> None:
    wheels = readied(bench, LARGE)
    place = spare_folder(wheels[0].folder, TAG)
    sheet = read_sheet(place)
    whole = every_word(wheels)
    file = place + "/" + os.fsdecode(sheet.paths[-1])
    os.utime(file, (1, 1))
    assert len(whole) * (len(sheet.pieces) - 1) // len(sheet.pieces) == len(every_word(wheels))
    turn = Foresighted(wheels).begin(())
    assert find_spare(wheels[0], TAG, lambda piece, its: turn.has_seen(0, piece, its)) is None
    assert not has_spare(wheels[0].folder, TAG)


def test_what_it_says_of_an_earlier_spare_counts_for_no_other(bench: Bench) -> None:
    wheels = readied(bench, LARGE)
    earlier = read_sheet(spare_folder(wheels[0].folder, TAG))
    other = replace(earlier, checksum=b"00000000")
    turn = Foresighted(wheels).begin(())
    assert turn.has_seen(0, 0, earlier)
    assert not turn.has_seen(0, 0, other)
    assert not turn.has_seen(1, 0, earlier)


def test_a_process_beside_this_one_sees_what_there_is(bench: Bench, companion: Companion) -> None:
    wheels = readied(bench, LARGE, SMALL)
    sheets = [read_sheet(spare_folder(wheel.folder, TAG)) for wheel in wheels]

    def sees_all(turn: Turn) -> bool:
        return all(turn.has_seen(number, piece, sheet) for number, sheet in enumerate(sheets) for piece in sheet.pieces)

    for _ in range(2):
        turn = companion.begin(errands(wheels))
        # Another command meanwhile has one of its own.
        other = companion.begin(errands(wheels[1:]))
        until(partial(sees_all, turn))
        until(partial(other.has_seen, 0, 0, sheets[1]))
        for one in (other, turn):
            companion.end(one)
            assert not one.is_at(0)
    paths = bench.environment()
    install(bench, paths, companion, LARGE, SMALL)
    assert len(LARGE.files) == len(list((paths.root / LIBRARY / "large").glob("m*.txt")))


@pytest.fixture
def links(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note what is linked or opened to be copied here."""
    names: list[str] = []
    for name in ("link", "copy_file_range"):
        monkeypatch.setattr(os, name, partial(noted_call, names, getattr(os, name)))
    return names


def noted_call(names: list[str], own: Callable[..., object], *given: object, **named: object) -> object:
    names.append(str(given[0]))
    return own(*given, **named)


def test_what_it_lays_out_is_taken_and_the_same(bench: Bench, companion: Companion, links: list[str]) -> None:
    alone, helped = (bench.environment(name) for name in ("alone", "helped"))
    wheels = [bench.stored(recipe) for recipe in (SMALL, LARGE)]
    install(bench, alone, None, SMALL, LARGE)
    assert len(SMALL.files) + len(LARGE.files) <= len(links)

    turn = companion.begin(errands(wheels, is_laid=True))
    until(lambda: all(has_spare(wheel.folder, TAG) for wheel in wheels))
    until(lambda: not any(turn.is_at(number) for number in (0, 1)))
    companion.end(turn)
    links.clear()
    install(bench, helped, companion, SMALL, LARGE)
    assert [] == links
    assert tree(alone.root) == tree(helped.root)


def test_a_wheel_that_it_is_at_is_waited_for_after_all_others(bench: Bench, links: list[str]) -> None:
    wheels = [bench.stored(recipe) for recipe in (LARGE, SMALL)]
    words = every_word(wheels[:1], is_laid=True)
    assert WORD.size * 6 == len(words)
    companion = Foresighted(wheels, words[: WORD.size])
    paths = bench.environment()
    links.clear()
    # It has begun, and says no more: its process has ended.
    install(bench, paths, companion, LARGE, SMALL)
    assert [True, True] == [errand.is_laid for errand in companion.asked]
    # What it had laid out was looked at here, and taken.
    assert len(links) < len(LARGE.files)
    assert not has_spare(wheels[0].folder, TAG)
    assert len(LARGE.files) == len(list((paths.root / LIBRARY / "large").glob("m*.txt")))


@pytest.mark.skipif(os.name != "posix", reason="there is none here")
def test_nobody_waits_for_one_that_was_killed_at_a_wheel() -> None:
    outlet, inlet = os.pipe()
    os.set_blocking(outlet, False)
    with os.fdopen(outlet, "rb", buffering=0) as stream:
        turn = Turn(stream)
        os.write(inlet, WORD.pack(0, BEGUN, b""))
        assert turn.is_at(0)
        os.close(inlet)
        turn.wait(0, lambda: None)
        assert not turn.is_at(0)


def test_half_a_word_is_heard_once_it_is_whole(bench: Bench) -> None:
    class Halting(BytesIO):
        def read(self, _count: int | None = -1, /) -> bytes:
            return super().read(7)

    wheels = readied(bench, SMALL)
    sheet = read_sheet(spare_folder(wheels[0].folder, TAG))
    turn = Turn(Halting(every_word(wheels)))
    assert [False, False, True] == [turn.has_seen(0, 0, sheet) for _ in range(3)]


def test_what_is_no_word_tells_nothing(bench: Bench) -> None:
    (stored,) = readied(bench, LARGE)
    paths = bench.environment()
    install(bench, paths, Foresighted([stored], b"a module was loaded\n" * 3 + b"!"), LARGE)
    assert len(LARGE.files) == len(list((paths.root / LIBRARY / "large").glob("m*.txt")))


@pytest.mark.skipif(os.name != "posix", reason="there is none here")
def test_a_person_can_stop_waiting_for_it() -> None:
    def stop() -> None:
        raise Cancelled

    outlet, inlet = os.pipe()
    os.set_blocking(outlet, False)
    with os.fdopen(outlet, "rb", buffering=0) as stream, os.fdopen(inlet, "wb", buffering=0) as other:
        other.write(WORD.pack(0, BEGUN, b""))
        with pytest.raises(Cancelled):
            Turn(stream).wait(0, stop)


def test_a_wheel_that_is_no_longer_in_the_store_is_told_of(bench: Bench, companion: Companion) -> None:
    (stored,) = readied(bench, LARGE)
    arrival = replace(bench.arrival(LARGE, bench.environment()), tag=TAG, companion=companion)
    stored.folder.rename(bench.folder / "elsewhere")
    with pytest.raises(StoreDamaged):
        place_wheels([arrival], bench.watcher)


def test_how_many_are_done_never_becomes_less(bench: Bench) -> None:
    wheels = [bench.stored(recipe) for recipe in (LARGE, SMALL)]
    companion = Foresighted(wheels, every_word(wheels[:1], is_laid=True)[: WORD.size])
    paths = bench.environment()
    arrivals = [replace(bench.arrival(recipe, paths), tag=TAG, companion=companion) for recipe in (LARGE, SMALL)]
    begun: list[tuple[int, str]] = []
    stage = bench.folder / "stage"
    stage.mkdir()
    with Way(stage) as way:
        lay_all(arrivals, way, Sharing(), (), lambda number, wheel: begun.append((number, wheel.name)))
    assert [(0, "small"), (1, "large")] == begun


def test_what_cannot_be_laid_out_beside_is_done_here(bench: Bench) -> None:
    stored = bench.stored(LARGE)
    file = stored.tree / "large" / "m000.txt"
    os.utime(file, (1, 1))
    words = every_word([stored], is_laid=True)
    assert 2 * WORD.size == len(words)
    paths = bench.environment()
    with pytest.raises(StoreDamaged):
        install(bench, paths, Foresighted([stored], words), LARGE)
    assert not list((paths.root / LIBRARY).iterdir())


@pytest.mark.parametrize("how", ["killed", "hanging"])
def test_without_its_process_everything_is_done_alone(bench: Bench, companion: Companion, how: str) -> None:
    process = companion._process
    assert process is not None
    if how == "killed":
        process.kill()
        process.wait()
    else:
        process.send_signal(signal.SIGSTOP)
        # In the end nothing more goes into its pipe.
        while helper := companion.send(ATTEND):
            for pipe in helper:
                pipe.close()
    readied(bench, LARGE)
    paths = bench.environment()
    install(bench, paths, companion, LARGE)
    assert len(LARGE.files) == len(list((paths.root / LIBRARY / "large").glob("m*.txt")))
    until(lambda: process.poll() is not None)


@pytest.mark.skipif(os.name != "posix", reason="there is none here")
def test_from_the_moment_at_which_it_can_be_asked_nobody_else_has_its_end_of_the_line() -> None:
    one, taken = Companion(), []

    class Deadly:
        """A lock that is let go when the process has just been killed."""

        def __enter__(self) -> None:
            """Let in whoever comes."""

        def __exit__(self, *_problem: object) -> None:
            if one._process is not None and one._line is not None:
                one._process.kill()
                one._process.wait()
                with suppress(BrokenPipeError):
                    taken.append(one._line.send(ATTEND))

    one._lock = Deadly()  # type: ignore[assignment]  # it does what is asked of it here
    one._start()
    assert one._process is not None
    assert [] == taken
    one.dismiss()


def test_one_that_hangs_is_not_waited_for_where_pipes_are_small(
    companion: Companion, monkeypatch: pytest.MonkeyPatch
) -> None:
    fcntl = pytest.importorskip("fcntl")
    if not hasattr(fcntl, "F_SETPIPE_SZ"):
        pytest.skip("pipes are as they are here")
    own = os.pipe

    def small() -> tuple[int, int]:
        pipe = own()
        fcntl.fcntl(pipe[1], fcntl.F_SETPIPE_SZ, 4096)
        return pipe

    assert companion._process is not None
    companion._process.send_signal(signal.SIGSTOP)
    monkeypatch.setattr(os, "pipe", small)
    turn = companion.begin([Errand("a" * 200, TAG, is_laid=False)] * 100)
    assert not turn.is_at(0)
    companion.end(turn)
    companion._process.send_signal(signal.SIGCONT)


def test_it_ends_with_its_input(companion: Companion) -> None:
    process, line = companion._process, companion._line
    assert process is not None
    assert line is not None
    line.close()
    assert 0 == process.wait(timeout=SECONDS)


def test_an_errand_ends_with_its_input_and_the_companion_goes_on(companion: Companion, tmp_path: Path) -> None:
    for _ in range(2):
        turn = companion.begin([Errand(str(tmp_path), TAG, is_laid=False)])
        companion.end(turn)
        helper = companion.send(ATTEND)
        assert helper is not None
        helper.inlet.close()
        assert b"" == helper.outlet.read()
        helper.outlet.close()
    assert companion._process is not None
    until(lambda: not children(companion))
    assert companion._process.poll() is None


def test_an_interrupt_is_not_for_the_companion(companion: Companion) -> None:
    assert companion._process is not None
    helper = companion.send(ATTEND)
    assert helper is not None
    until(lambda: len(children(companion)) == 1)
    for process in (companion._process.pid, *children(companion)):
        os.kill(process, signal.SIGINT)
    helper.inlet.close()
    assert b"" == helper.outlet.read()
    helper.outlet.close()
    assert companion._process.poll() is None


def children(companion: Companion) -> list[int]:
    """What it has divided into."""
    assert companion._process is not None
    process = companion._process.pid
    return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text("ascii").split()]


def is_another(companion: Companion, former: object) -> bool:
    return companion._process is not None and companion._process is not former


def test_another_one_comes_when_it_has_ended_but_not_for_ever(companion: Companion) -> None:
    for _ in range(2):
        process = companion._process
        assert process is not None
        companion.summon()
        assert process is companion._process
        process.kill()
        process.wait()
        companion.summon()
        until(partial(is_another, companion, process))
    last = companion._process
    assert last is not None
    last.kill()
    last.wait()
    companion.summon()
    assert companion._process is None
    assert not companion._is_coming


@pytest.mark.skipif(os.name != "posix", reason="there is none here")
def test_one_that_could_not_start_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(companion_module, "_LATER", 0.0)
    one = Companion()
    with monkeypatch.context() as patches:
        patches.setattr(sys, "executable", "/no/such/python")
        one.summon()
        until(lambda: not one._is_coming)
        assert one._process is None
    one.summon()
    until(lambda: one._process is not None)
    assert one._process is not None
    assert one._line is not None
    one._line.close()
    one._process.wait(timeout=SECONDS)

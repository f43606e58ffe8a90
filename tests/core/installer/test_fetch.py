from __future__ import annotations

import errno
import hashlib
import os
import threading
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.events import Advanced, Finished, Started, Unwatched
from chapbook_core.index.crew import Crew
from chapbook_core.index.failure import IndexFailure, WrongHash
from chapbook_core.installer import fetch as fetching
from chapbook_core.installer import part, unpacker
from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.fetch import Fetching, WantedWheel, WheelUnreachable
from chapbook_core.installer.lanes import LARGE
from chapbook_core.installer.store import WHEELS, Store, StoreFailed
from chapbook_core.installer.unpacker import Unpackers
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.opened import opened
from tests.fakes.watcher import RecordingWatcher
from tests.fakes.wheels import GOOD, Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from chapbook_core.events import Watcher
    from chapbook_core.installer.store import StoredWheel

NAMES = ("a", "b", "c", "d")


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as index:
        for name in NAMES:
            index.serve(name, "1.0", weight=400_000)
        yield index


def wanted(index: FakeIndex, *names: str) -> list[WantedWheel]:
    files = [file for name in names or NAMES for file in index.files(name)]
    return [
        WantedWheel(file.filename, index.url_of(file), (("sha256", file.sha256),), len(file.body)) for file in files
    ]


def fetch(
    index: FakeIndex, folder: Path, wheels: Sequence[WantedWheel], watcher: Watcher | None = None
) -> dict[WantedWheel, StoredWheel]:
    with (
        opened(index) as open_index,
        Store(folder / "store") as store,
        Fetching(len(wheels), store, open_index.client, watcher or Unwatched()) as fetching,
    ):
        for wheel in wheels:
            fetching.want(wheel)
        return fetching.stored()


def leftovers(folder: Path) -> list[str]:
    files = (path for path in (folder / "store").rglob("*") if path.is_file() and WHEELS not in path.parts)
    # The lock by which others see that the store is in use stays where it is.
    return [path.name for path in files if path.name != ".in-use"]


def test_wheels_come_into_the_store_once(index: FakeIndex, tmp_path: Path) -> None:
    wheels = wanted(index)
    watcher = RecordingWatcher()
    found = fetch(index, tmp_path, [*wheels, *wheels], watcher)
    assert ["a", "b", "c", "d"] == [found[wheel].manifest.name for wheel in wheels]
    assert ["Fetching 8 packages"] == [event.label for event in watcher.of_kind(Started)]
    assert sum(wheel.size or 0 for wheel in wheels) == watcher.of_kind(Advanced)[-1].total
    assert 1 == len(watcher.of_kind(Finished))
    assert [] == leftovers(tmp_path)
    asked = index.counts["file"]
    assert 4 == asked
    fetch(index, tmp_path, wheels)
    assert asked == index.counts["file"]


@pytest.mark.parametrize("has_library", [True, False])
@pytest.mark.parametrize("steps", [0, 5])
def test_much_is_unpacked_by_several_threads_or_processes(
    index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, steps: int, has_library: bool
) -> None:
    if not has_library:
        monkeypatch.setattr(unpacker, "swift", lambda: None)
    monkeypatch.setattr(fetching, "_MUCH", 1)
    monkeypatch.setattr(unpacker, "_AT_ONCE", 3)
    wheels = wanted(index)
    if steps:
        with pytest.raises(Cancelled):
            fetch(index, tmp_path, wheels, RecordingWatcher(cancel_after=steps))
    else:
        assert 4 == len(fetch(index, tmp_path, wheels))
    # What was downloaded before somebody stopped it is kept.
    assert all(name.endswith(".part") for name in leftovers(tmp_path)) if steps else [] == leftovers(tmp_path)


def test_what_waits_to_be_unpacked_holds_up_no_download(
    index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unpack, come = Unpackers.unpack, threading.Event()

    def unpack_at_the_end(self: Unpackers, wheel: Path, *words: Any, **options: Any) -> StoredWheel:
        end = time.monotonic() + 30.0
        while index.counts["file"] < len(NAMES) and time.monotonic() < end:
            time.sleep(0.01)
        if index.counts["file"] == len(NAMES):
            come.set()
        return unpack(self, wheel, *words, **options)

    monkeypatch.setattr(Unpackers, "unpack", unpack_at_the_end)
    with (
        opened(index) as open_index,
        Store(tmp_path / "store") as store,
        Fetching(len(NAMES), store, open_index.client, Unwatched(), workers=1) as fetching,
    ):
        for wheel in wanted(index):
            fetching.want(wheel)
        assert 4 == len(fetching.stored())
    assert come.is_set()
    assert [] == leftovers(tmp_path)


def test_only_so_many_wait_to_be_unpacked(index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    unpack, most = Unpackers.unpack, 0

    def unpack_late(self: Unpackers, wheel: Path, *words: Any, **options: Any) -> StoredWheel:
        nonlocal most
        time.sleep(0.2)
        most = max(most, len(list(wheel.parent.iterdir())))
        return unpack(self, wheel, *words, **options)

    monkeypatch.setattr(Unpackers, "unpack", unpack_late)
    monkeypatch.setattr(fetching, "_MOST_KEPT", 1)
    with (
        opened(index) as open_index,
        Store(tmp_path / "store") as store,
        Fetching(len(NAMES), store, open_index.client, Unwatched(), workers=1) as run,
    ):
        for wheel in wanted(index):
            run.want(wheel)
        assert 4 == len(run.stored())
    assert 1 == most


def is_open(path: Path) -> bool:
    for file in Path("/proc/self/fd").iterdir():
        with suppress(OSError):
            if os.path.samestat(os.fstat(int(file.name)), path.stat()):
                return True
    return False


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="what is open cannot be told here")
def test_nothing_is_left_where_no_open_file_can_be_removed(
    index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unlink = Path.unlink

    def unlink_closed(self: Path, missing_ok: bool = False) -> None:
        if is_open(self):
            raise PermissionError(errno.EACCES, "it is open", str(self))
        unlink(self, missing_ok=missing_ok)

    monkeypatch.setattr(Path, "unlink", unlink_closed)
    monkeypatch.setattr(part, "_OPEN_ONES_CAN_GO", False)
    assert 2 == len(fetch(index, tmp_path, wanted(index, "a", "b")))
    unhashed = [replace(wheel, hashes=()) for wheel in wanted(index, "c")]
    assert 1 == len(fetch(index, tmp_path, unhashed))
    wrong = [replace(wheel, hashes=(("sha256", "0" * 64),)) for wheel in wanted(index, "d")]
    with pytest.raises(WrongHash):
        fetch(index, tmp_path, wrong)
    assert [] == leftovers(tmp_path)


def test_a_broken_connection_is_continued(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.once("/files/*", reply_faults.truncated(0.5))
    fetch(index, tmp_path, wanted(index, "a"))
    assert 1 == index.counts["range"]


def test_a_download_that_failed_is_continued_by_the_next_process(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.always("/files/*", reply_faults.truncated(0.5))
    with pytest.raises(IndexFailure):
        fetch(index, tmp_path, wanted(index, "a"))
    (part,) = (tmp_path / "store" / "downloads").iterdir()
    assert part.stat().st_size > 100_000
    index.faults.clear()
    before = index.counts["range"]
    fetch(index, tmp_path, wanted(index, "a"))
    assert before + 1 == index.counts["range"]
    assert [] == leftovers(tmp_path)


def test_a_wrong_hash_leaves_nothing(index: FakeIndex, tmp_path: Path) -> None:
    (wheel,) = wanted(index, "a")
    with pytest.raises(WrongHash):
        fetch(index, tmp_path, [replace(wheel, hashes=(("sha256", "0" * 64),))])
    assert [] == leftovers(tmp_path)
    assert [] == list((tmp_path / "store").glob(f"{WHEELS}/*/*"))


def test_one_that_cannot_be_had_ends_the_rest(index: FakeIndex, tmp_path: Path) -> None:
    wheels = wanted(index)
    index.faults.once("/files/*/b/*", reply_faults.status(404))
    with pytest.raises(IndexFailure, match="404"):
        fetch(index, tmp_path, wheels)
    assert 4 == len(fetch(index, tmp_path, wheels))


def test_a_bad_wheel_leaves_nothing(index: FakeIndex, tmp_path: Path) -> None:
    body = Recipe(has_record=False).build()
    file = index.add_file("good", GOOD.filename, body, version="1.0")
    wheel = WantedWheel(file.filename, index.url_of(file), (("sha256", hashlib.sha256(body).hexdigest()),))
    for _ in range(2):
        with pytest.raises(BadWheel, match="no RECORD"):
            fetch(index, tmp_path, [wheel])
        assert [] == leftovers(tmp_path)
        assert [] == list((tmp_path / "store").glob(f"{WHEELS}/*/*"))


def test_a_person_can_stop_it(index: FakeIndex, tmp_path: Path) -> None:
    with pytest.raises(Cancelled):
        fetch(index, tmp_path, wanted(index), RecordingWatcher(cancel_after=3))
    assert 4 == len(fetch(index, tmp_path, wanted(index)))


def test_without_a_hash_the_wheel_is_taken_for_what_it_is(index: FakeIndex, tmp_path: Path) -> None:
    (wheel,) = wanted(index, "a")
    found = fetch(index, tmp_path, [replace(wheel, hashes=())])
    assert [wheel.sha256] == [stored.manifest.sha256 for stored in found.values()]
    assert [] == leftovers(tmp_path)


def test_a_wheel_of_this_machine_is_read_where_it_is(index: FakeIndex, tmp_path: Path) -> None:
    path = GOOD.write(tmp_path / "a folder")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    wheel = WantedWheel(
        path.name, path.as_uri(), (("sha256", digest), ("md5", hashlib.md5(path.read_bytes()).hexdigest()))
    )
    assert "good" == fetch(index, tmp_path, [wheel])[wheel].manifest.name
    assert path.is_file()
    for hashes in ((("sha256", "0" * 64),), (("sha512", "0"),)):
        with pytest.raises(WrongHash):
            fetch(index, tmp_path, [replace(wheel, hashes=hashes)])
    with pytest.raises(WheelUnreachable, match="No such file"):
        fetch(index, tmp_path, [WantedWheel(path.name, Path("/no/such/good.whl").as_uri())])


@pytest.mark.parametrize("is_renamed", [False, True])
def test_a_wheel_that_is_built_anew_while_it_is_read_is_not_taken_for_the_old_one(
    index: FakeIndex, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_renamed: bool
) -> None:
    path = GOOD.write(tmp_path / "dist")
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    wheel = WantedWheel(path.name, path.as_uri(), (("sha256", digest),))
    unpack = Unpackers.unpack

    def late(*words: Any, **options: Any) -> StoredWheel:
        other = replace(GOOD, files={**GOOD.files, "good/other.py": b""}).write(tmp_path / "other")
        if is_renamed:
            other.rename(path)
        else:
            path.write_bytes(other.read_bytes())
        return unpack(*words, **options)

    monkeypatch.setattr(Unpackers, "unpack", late)
    with pytest.raises(BadWheel, match="changed while it was read"):
        fetch(index, tmp_path, [wheel])
    with Store(tmp_path / "store") as store:
        assert store.find(digest) is None


def test_what_hangs_holds_up_the_end_for_one_patience_in_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_PATIENCE", 0.6)
    close, goes_on, begun = Crew.close, threading.Event(), threading.Semaphore(0)
    told: list[tuple[float, float]] = []

    def noted(self: Crew, patience: float) -> None:
        began = time.monotonic()
        close(self, patience)
        told.append((patience, time.monotonic() - began))

    class Hanging:
        def download(self, *_words: object, **_options: object) -> None:
            begun.release()
            goes_on.wait(60)

    monkeypatch.setattr(Crew, "close", noted)
    sizes = (("small", 10), ("large", LARGE))
    wheels = [WantedWheel(f"{name}-1-py3-none-any.whl", "https://example.org/x", size=size) for name, size in sizes]
    try:
        with (
            Store(tmp_path / "store") as store,
            suppress(Cancelled),
            Fetching(2, store, Hanging(), Unwatched()) as all_,
        ):
            for wheel in wheels:
                all_.want(wheel)
            assert all(begun.acquire(timeout=300) for _ in wheels)
            raise Cancelled
    finally:
        goes_on.set()
    # The first is that of the unpackers, who have nothing to do.
    (_, _), (small, waited), (large, _) = told
    assert small <= 0.6
    assert large <= small - waited + 0.01


def test_what_comes_when_nobody_waits_any_more_is_not_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetching, "_PATIENCE", 0.1)
    goes_on, begun = threading.Event(), threading.Event()

    class Hanging:
        def download(self, *_words: object, **_options: object) -> None:
            begun.set()
            goes_on.wait(60)

    others = set(threading.enumerate())
    with Store(tmp_path / "store") as store:
        with suppress(Cancelled), Fetching(1, store, Hanging(), Unwatched()) as all_:
            all_.want(WantedWheel("good-1-py3-none-any.whl", "https://example.org/x"))
            assert begun.wait(300)
            raise Cancelled
        assert 1 == len(list((tmp_path / "store/downloads").iterdir()))
        goes_on.set()
        for thread in set(threading.enumerate()) - others:
            thread.join(60)
        assert [] == list((tmp_path / "store/downloads").iterdir())


@pytest.mark.skipif(not hasattr(os, "O_NOFOLLOW"), reason="links are followed here")
def test_no_download_is_written_through_a_link(index: FakeIndex, tmp_path: Path) -> None:
    (wheel,) = wanted(index, "a")
    precious = tmp_path / "precious"
    precious.write_bytes(b"years")
    folder = tmp_path / "store" / "downloads"
    folder.mkdir(parents=True)
    (folder / f"{wheel.sha256}.part").symlink_to(precious)
    with pytest.raises(StoreFailed):
        fetch(index, tmp_path, [wheel])
    assert precious.read_bytes() == b"years"

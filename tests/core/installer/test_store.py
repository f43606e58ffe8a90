from __future__ import annotations

import errno
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled
from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.manifest import DamagedManifest, read_manifest
from chapbook_core.installer.store import WHEELS, Store, StoreDamaged, StoredWheel, StoreFailed
from chapbook_core.installer.unpacking import file_digest
from chapbook_core.installer.workshop import Workshop, sweep
from tests.fakes.clock import Clock
from tests.fakes.watcher import RecordingWatcher
from tests.fakes.wheels import GOOD, Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator

DAY = 24 * 3600.0
_A_TICK = 0.05
"""Seconds after which files have another time."""


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store(tmp_path / "store") as store:
        yield store


def put(store: Store, folder: Path, recipe: Recipe = GOOD) -> StoredWheel:
    wheel = recipe.write(folder)
    return store.add(wheel, wheel.name)


def files_below(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_wheel_is_found_by_its_digest(store: Store, tmp_path: Path) -> None:
    stored = put(store, tmp_path)
    digest = file_digest(tmp_path / GOOD.filename)
    assert stored.folder == store.folder / WHEELS / digest[:2] / digest
    assert stored == store.find(digest)
    assert stored == store.find(digest.upper())
    assert store.find("0" * 64) is None


def test_stored_files_are_what_the_wheel_held_and_read_only(store: Store, tmp_path: Path) -> None:
    stored = put(store, tmp_path)
    expected = {part.path: part.content for part in GOOD.parts_of()}
    assert expected == {file.path: (stored.tree / file.path).read_bytes() for file in stored.manifest.files}
    assert {0o444} == {path.stat().st_mode & 0o777 for path in files_below(stored.tree)}
    texts = {file.path: file.is_text for file in stored.manifest.files}
    assert (True, False) == (texts["good/__init__.py"], texts["good/data.bin"])


def test_a_manifest_is_read_as_it_was_written(store: Store, tmp_path: Path) -> None:
    blob = put(store, tmp_path).manifest.blob()
    assert blob == read_manifest(blob).blob()
    with pytest.raises(DamagedManifest):
        read_manifest(blob[:-1])


def test_another_digest_than_expected_is_refused(store: Store, tmp_path: Path) -> None:
    wheel = GOOD.write(tmp_path)
    with pytest.raises(BadWheel, match="wrong sha256"):
        store.add(wheel, wheel.name, sha256="0" * 64)
    assert [] == list(store.entries())


@pytest.mark.parametrize("is_thorough", [False, True])
def test_a_changed_file_is_noticed(store: Store, tmp_path: Path, is_thorough: bool) -> None:
    stored = put(store, tmp_path)
    store.verify(stored, is_thorough=is_thorough)
    victim = stored.tree / "good/__init__.py"
    status = victim.stat()
    victim.chmod(0o644)
    victim.write_bytes(victim.read_bytes().replace(b"runs", b"evil"))
    if is_thorough:
        os.utime(victim, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(StoreDamaged, match=r"good/__init__\.py"):
        store.verify(stored, is_thorough=is_thorough)


@pytest.mark.parametrize("damage", ["missing", "truncated", "empty"])
def test_an_entry_whose_manifest_is_damaged_is_made_anew(store: Store, tmp_path: Path, damage: str) -> None:
    stored = put(store, tmp_path)
    manifest = stored.folder / "manifest"
    match damage:
        case "missing":
            manifest.unlink()
        case "truncated":
            manifest.write_bytes(manifest.read_bytes()[:100])
        case _:
            manifest.write_bytes(b"")
    assert store.find(stored.manifest.sha256) is None
    store.verify(put(store, tmp_path), is_thorough=True)


def test_whoever_was_overtaken_gets_the_wheel_that_is_there(tmp_path: Path) -> None:
    wheel = GOOD.write(tmp_path)
    with Store(tmp_path / "store") as early, Store(tmp_path / "store") as late:

        def overtake(passed: int) -> None:
            if passed == 1:
                early.add(wheel, wheel.name)
                time.sleep(_A_TICK)

        stored = late.add(wheel, wheel.name, watcher=RecordingWatcher(at_checkpoint=overtake))
        late.verify(stored)
        assert stored == late.find(stored.manifest.sha256)


def test_what_was_stored_again_meanwhile_is_not_given_the_times_of_before(store: Store, tmp_path: Path) -> None:
    before = put(store, tmp_path)
    store.discard(before.manifest.sha256)
    time.sleep(_A_TICK)
    after = put(store, tmp_path)
    with pytest.raises(StoreDamaged):
        store.verify(before)
    assert store.mend(before)
    store.verify(after)


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    wheel = Recipe(files={f"good/m{number}.py": b"" for number in range(2000)}).write(tmp_path)
    with Store(tmp_path / "store") as store:
        with pytest.raises(Cancelled):
            store.add(wheel, wheel.name, watcher=RecordingWatcher(cancel_after=2))
        assert [] == list(store.entries())
    assert [".in-use"] == [path.name for path in files_below(tmp_path / "store")]


def test_what_is_long_unused_is_pruned(tmp_path: Path) -> None:
    clock = Clock()
    with Store(tmp_path / "store", now=clock) as store:
        old = put(store, tmp_path / "a")
        new = put(store, tmp_path / "b", Recipe("other"))
        moment = clock()
        os.utime(old.folder / "manifest", (moment - 40 * DAY, moment - 40 * DAY))
        os.utime(new.folder / "manifest", (moment - 2 * DAY, moment - 2 * DAY))
        assert ["good"] == [entry.name for entry in store.prune(unused_for=30 * DAY)]
        assert ["other"] == [entry.name for entry in store.entries()]
    assert not old.folder.exists()


def test_using_a_wheel_makes_it_young(tmp_path: Path) -> None:
    clock = Clock()
    with Store(tmp_path / "store", now=clock) as store:
        stored = put(store, tmp_path)
        os.utime(stored.folder / "manifest", (clock() - 40 * DAY, clock() - 40 * DAY))
        store.find(stored.manifest.sha256)
        assert () == store.prune(unused_for=30 * DAY)


def test_the_longest_unused_go_until_the_size_is_right(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        names = ["first", "second", "third"]
        for age, name in enumerate(reversed(names)):
            stored = put(store, tmp_path / name, Recipe(name))
            os.utime(stored.folder / "manifest", (1e9 - age * DAY, 1e9 - age * DAY))
        one = stored.manifest.size
        assert ["first", "second"] == [entry.name for entry in store.prune(most_bytes=one + 5)]


def test_a_link_out_of_the_store_is_not_followed_when_pruning(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("kept")
    stored = put(store, tmp_path)
    (stored.tree / "link").symlink_to(outside)
    store.prune(unused_for=-1.0)
    assert "kept" == (outside / "file").read_text()
    assert [] == list(store.entries())


def test_who_comes_while_somebody_is_alone_is_seen_by_the_next(tmp_path: Path) -> None:
    with Store(tmp_path) as first:
        with first.alone() as is_alone:
            assert is_alone
            late = Store(tmp_path).__enter__()
        # Whoever asks in vain is still there for others.
        with first.alone() as is_alone:
            assert not is_alone
        late.close()
        with Store(tmp_path) as second, second.alone() as is_alone:
            assert not is_alone
        with first.alone() as is_alone:
            assert is_alone


@pytest.mark.parametrize("digest", ["", "../../x", "g" * 64, "a" * 63])
def test_what_is_no_digest_leads_nowhere(store: Store, digest: str) -> None:
    with pytest.raises(ValueError, match="not a SHA-256"):
        store.find(digest)


def test_a_store_that_cannot_be_written_to_says_so(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("a file")
    wheel = GOOD.write(tmp_path / "wheels")
    with pytest.raises(StoreFailed, match="cannot store a wheel"):
        Store(tmp_path / "store").add(wheel, wheel.name)


def test_the_workshop_of_a_living_process_is_not_swept(tmp_path: Path) -> None:
    living = Workshop(tmp_path)
    dead = tmp_path / "1-dead"
    dead.mkdir()
    (tmp_path / "1-dead.lock").touch()
    (dead / "half").mkdir()
    assert 1 == sweep(tmp_path)
    assert [living.folder] == [path for path in tmp_path.iterdir() if path.is_dir()]
    living.close()
    assert [] == list(tmp_path.iterdir())


def test_an_entry_that_came_with_the_image_of_a_container_is_made_anew(
    store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = put(store, tmp_path)
    (stored.folder / "manifest").chmod(0o644)
    (stored.folder / "manifest").write_bytes(b"damaged")
    rename, below = Path.rename, stored.folder.stat().st_ino

    def refused(self: Path, target: Path) -> Path:
        if self.stat().st_ino == below:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), str(self))
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refused)
    anew = put(store, tmp_path)
    assert anew.folder == stored.folder
    store.verify(anew, is_thorough=True)

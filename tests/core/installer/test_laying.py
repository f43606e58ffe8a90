"""What two threads lay is what one lays, and what goes wrong is told in the same words."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.installer import laying, link, placement
from chapbook_core.installer.ahead import Ahead
from chapbook_core.installer.clash import Sharing, find_sharing
from chapbook_core.installer.layer import Layer
from chapbook_core.installer.laying import lay_all
from chapbook_core.installer.link import Linker, Method
from chapbook_core.installer.placement import PlacementFailed, WheelArrival, place_wheels
from chapbook_core.installer.record import read_rows
from chapbook_core.installer.relocation import Way
from chapbook_core.installer.spare import has_spare, make_spare
from chapbook_core.installer.store import StoreDamaged
from chapbook_core.installer.swift import swift
from chapbook_core.value import replace
from tests.fakes.installing import tree
from tests.fakes.wheels import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from chapbook_core.installer.schemes import InstallPaths
    from tests.fakes.installing import Bench

pytestmark = pytest.mark.skipif(swift() is None, reason="the library is not built here: there was no compiler")
TAG = f"cpython-{sys.version_info[0]}{sys.version_info[1]}"
LIBRARY = "lib/python3.11/site-packages"
MANY = tuple(
    Recipe(
        name=f"w{number}",
        files={
            **{f"w{number}/{folder}/m{file}.py": b"pass\n" * file for folder in "ab" for file in range(3 + number)},
            f"common/w{number}.py": b"x = 1\n",
            f"w{number}-1.0.data/data/share/common/w{number}.txt": b"text\n",
            f"w{number}-1.0.data/scripts/tool{number}": b"#!python\n",
        },
        entry_points=f"[console_scripts]\nrun{number} = w{number}:run\n",
    )
    for number in range(8)
)


@pytest.fixture
def divided(monkeypatch: pytest.MonkeyPatch) -> Callable[[bool], None]:
    """Have two threads lay whatever there is, or only one."""
    monkeypatch.setattr(link, "_WORTH_LOADING", 0)
    monkeypatch.setattr(laying, "_WORTH_DIVIDING", 2)

    def divide(is_divided: bool) -> None:
        monkeypatch.setattr(laying, "_CAN_DIVIDE", is_divided)

    divide(is_divided=True)
    return divide


@pytest.fixture
def linked(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note of which wheels nothing was left to do one by one."""
    done: list[str] = []
    own = Layer.link_ahead

    def noted(layer: Layer, way: Way, checkpoint: Callable[[], None]) -> None:
        own(layer, way, checkpoint)
        if not layer._left:
            done.append(layer._arrival.name)

    monkeypatch.setattr(Layer, "link_ahead", noted)
    return done


def arrivals(bench: Bench, paths: InstallPaths, recipes: Sequence[Recipe]) -> list[WheelArrival]:
    linker = Linker(Method.LINK, is_edited=False)
    return [replace(bench.arrival(recipe, paths), linker=linker) for recipe in recipes]


def laid(bench: Bench, folder: str, wheels: Sequence[WheelArrival], sharing: Sharing | None = None) -> Path:
    place = bench.folder / folder
    place.mkdir()
    if sharing is None:
        sharing = find_sharing([(wheel.arrangement, wheel.stored.tree) for wheel in wheels], wheels[0].paths)
    with Way(place) as way:
        lay_all(wheels, way, sharing, (), lambda _number, _wheel: None)
    return place


def assert_nothing_is_left(before: object, paths: InstallPaths) -> None:
    assert before == tree(paths.root)
    assert not [thread for thread in threading.enumerate() if thread.name == "chapbook-laying"]


def test_two_threads_lay_what_one_lays(bench: Bench, divided: Callable[[bool], None], linked: list[str]) -> None:
    wheels = arrivals(bench, bench.environment(), MANY)
    two = laid(bench, "two", wheels)
    # The first shows whether files can be linked at all.
    assert [wheel.name for wheel in wheels[1:]] == sorted(linked)
    divided(False)
    one = laid(bench, "one", wheels)
    assert len(wheels) - 1 == len(linked)
    assert tree(one) == tree(two)
    record = (two / LIBRARY / "w3-1.0.dist-info" / "RECORD").read_bytes()
    found = [two / LIBRARY / row.path for row in read_rows(record)]
    assert all(path.is_file() for path in found)
    assert 2 * 6 + 2 == len([path for path in found if path.parts[-3] == "w3" or "common" in path.parts])


def test_each_wheel_is_told_once_before_the_next(bench: Bench, divided: Callable[[bool], None]) -> None:
    del divided
    paths = bench.environment()
    wheels = arrivals(bench, paths, MANY)
    told: list[tuple[int, str]] = []
    (bench.folder / "stage").mkdir()
    with Way(bench.folder / "stage") as way:
        lay_all(wheels, way, Sharing(), (), lambda number, wheel: told.append((number, wheel.name)))
    numbers = [number for number, _name in told]
    assert sorted(numbers) == numbers
    assert {wheel.name for wheel in wheels} == {name for _number, name in told}
    assert set(range(len(wheels))) == set(numbers)


def test_what_is_shared_and_what_was_laid_out_ahead_goes_beside_what_two_threads_lay(
    bench: Bench, divided: Callable[[bool], None], linked: list[str]
) -> None:
    space = {f"space/{letter}.py": b"pass\n" for letter in "ab"}
    recipes = [
        *MANY[:3],
        *(Recipe(name=name, files={"space/__init__.py": b"", f"space/{name}.py": b"", **space}) for name in ("s", "t")),
        Recipe(name="early", files={"early/m.py": b"pass\n"}),
        *MANY[3:],
    ]
    paths = bench.environment()

    def ready() -> list[WheelArrival]:
        wheels = [replace(wheel, tag=TAG) for wheel in arrivals(bench, paths, recipes)]
        make_spare(bench.store, wheels[5].stored, TAG, lambda: None)
        return wheels

    wheels = ready()
    two = laid(bench, "two", wheels)
    assert not has_spare(wheels[5].stored.folder, TAG)
    assert {"w1", "w2", "w3", "w4", "w5", "w6", "w7", "s"} == {*linked}
    divided(False)
    one = laid(bench, "one", ready())
    assert tree(one) == tree(two)


@pytest.mark.parametrize("is_divided", [True, False])
def test_of_two_problems_the_one_of_the_first_wheel_is_told(
    bench: Bench, divided: Callable[[bool], None], *, is_divided: bool
) -> None:
    divided(is_divided)
    paths = bench.environment()
    wheels = arrivals(bench, paths, MANY)
    before = tree(paths.root)
    for number in (7, 2, 5):
        # The last one has the most files, and is begun first.
        os.utime(wheels[number].stored.tree / f"w{number}/b/m1.py", (1, 1))
    with pytest.raises(StoreDamaged, match=r"w2-1\.0.*w2/b/m1\.py"):
        place_wheels(wheels, bench.watcher)
    assert_nothing_is_left(before, paths)


@pytest.mark.parametrize("is_divided", [True, False])
def test_files_that_are_gone_are_missed(bench: Bench, divided: Callable[[bool], None], *, is_divided: bool) -> None:
    divided(is_divided)
    paths = bench.environment()
    wheels = arrivals(bench, paths, MANY)
    before = tree(paths.root)
    (wheels[4].stored.folder / "tree").rename(bench.folder / "elsewhere")
    with pytest.raises(StoreDamaged, match=r"w4-1\.0"):
        place_wheels(wheels, bench.watcher)
    assert_nothing_is_left(before, paths)


def test_what_the_second_thread_stumbles_over_undoes_everything(
    bench: Bench, divided: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    del divided
    paths = bench.environment()
    wheels = arrivals(bench, paths, MANY)
    before = tree(paths.root)
    is_raised = threading.Event()

    def stumble(_layer: Layer, _way: Way, _checkpoint: Callable[[], None]) -> None:
        if threading.current_thread() is not threading.main_thread():
            is_raised.set()
            raise ZeroDivisionError
        assert is_raised.wait(30)

    monkeypatch.setattr(Layer, "link_ahead", stumble)
    with pytest.raises(ZeroDivisionError):
        place_wheels(wheels, bench.watcher)
    assert_nothing_is_left(before, paths)


def test_a_person_can_stop_it_after_any_wheel(bench: Bench, divided: Callable[[bool], None]) -> None:
    del divided
    paths = bench.environment()
    wheels = arrivals(bench, paths, MANY)
    before = tree(paths.root)
    for left in range(len(wheels)):
        count = iter(range(left))

        class Impatient:
            def emit(self, event: object) -> None:
                del event

            def checkpoint(self, count: object = count) -> None:
                if next(count, None) is None:  # type: ignore[call-overload]  # an iterator
                    raise Cancelled

        with pytest.raises(Cancelled):
            place_wheels(wheels, Impatient())
        assert_nothing_is_left(before, paths)


@pytest.mark.parametrize(
    ("contents", "is_well"), [((b"same",) * 3, True), ((b"", b" ", b"\n"), True), ((b"x", b"y", b"z"), False)]
)
def test_files_that_meet_unforeseen_are_what_one_thread_makes_of_them(
    bench: Bench,
    divided: Callable[[bool], None],
    monkeypatch: pytest.MonkeyPatch,
    contents: Sequence[bytes],
    *,
    is_well: bool,
) -> None:
    """As two names do that are one to a file system."""
    # The last one has the most files, and is begun first.
    met = [
        Recipe(name=name, files={f"{name}/m{file}.py": b"" for file in range(size)} | {"met/__init__.py": content})
        for name, size, content in zip("xyz", (1, 2, 30), contents, strict=True)
    ]
    paths = bench.environment()
    wheels = arrivals(bench, paths, [*MANY[:2], *met])
    monkeypatch.setattr(placement, "find_sharing", lambda *_rest: Sharing())
    told = []
    for is_divided in (True, False):
        divided(is_divided)
        if is_well:
            told.append(str(sorted(tree(laid(bench, f"{is_divided}", wheels, Sharing())).items())))
        else:
            with pytest.raises(PlacementFailed) as caught:
                place_wheels(wheels, bench.watcher)
            told.append(str(caught.value.__cause__).partition("/stage/")[2].partition("/")[2])
    assert told[0] == told[1]
    assert "met/__init__.py" in told[0]


def test_a_file_where_another_has_a_folder_is_what_one_thread_makes_of_it(
    bench: Bench, divided: Callable[[bool], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    has_ended, own = threading.Event(), Layer.link_ahead

    def one_after_the_other(layer: Layer, way: Way, checkpoint: Callable[[], None]) -> None:
        if layer._arrival.name == "x":
            assert has_ended.wait(30)
        own(layer, way, checkpoint)
        if layer._arrival.name == "y":
            has_ended.set()

    monkeypatch.setattr(Layer, "link_ahead", one_after_the_other)
    recipes = [
        *MANY[:2],
        Recipe(name="x", files={"x.py": b"", "met/m.py": b""}),
        # It has the most files, and is begun first.
        Recipe(name="y", files={f"y/m{file}.py": b"" for file in range(30)} | {"met": b""}),
    ]
    paths = bench.environment()
    wheels = arrivals(bench, paths, recipes)
    before, told = tree(paths.root), []
    for is_divided in (True, False):
        divided(is_divided)
        with pytest.raises(ChapbookError) as caught:
            place_wheels(wheels, bench.watcher)
        told.append((type(caught.value), caught.value.message.partition(" (")[0]))
        assert_nothing_is_left(before, paths)
    assert told[0] == told[1]


def test_where_nothing_can_be_linked_nothing_is_divided(
    bench: Bench, divided: Callable[[bool], None], linked: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    del divided
    monkeypatch.delattr(Ahead, "__enter__")
    paths = bench.environment()
    linker = Linker(Method.COPY)
    wheels = [replace(bench.arrival(recipe, paths), linker=linker) for recipe in MANY]
    place_wheels(wheels, bench.watcher)
    assert not linked
    assert len(wheels) == len([*(paths.root / LIBRARY).glob("w*.dist-info")])

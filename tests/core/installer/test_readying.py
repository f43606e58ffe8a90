from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace as replaced
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from chapbook_core.installer import link, sheet
from chapbook_core.installer.bytecode import read_bytecode
from chapbook_core.installer.clash import FileClash
from chapbook_core.installer.link import Linker, Method
from chapbook_core.installer.placement import place_wheels
from chapbook_core.installer.readying import ATTACHED, MODULE, YARD, ReadyRequest, post, wanting, work_off
from chapbook_core.installer.relocation import Way
from chapbook_core.installer.spare import FOLDER as SPARE
from chapbook_core.installer.spare import find_spare, has_spare, take_spare
from chapbook_core.project.kernel_lock import try_lock
from chapbook_core.value import replace
from tests.fakes.installing import tree
from tests.fakes.wheels import Recipe

if TYPE_CHECKING:
    from collections.abc import Callable

    from chapbook_core.installer.schemes import InstallPaths
    from chapbook_core.installer.store import StoredWheel
    from tests.fakes.installing import Bench

TAG = f"cpython-{sys.version_info[0]}{sys.version_info[1]}"
LIBRARY = "lib/python3.11/site-packages"
SINGLE = Recipe(name="single", files={"single.py": b"VALUE = 1\n"})
MANY = Recipe(
    name="many",
    files={
        "many/__init__.py": b"from many.inner import VALUE\n",
        "many/inner/__init__.py": b"VALUE = 7\n",
        "many/inner/broken.py": b"this is no Python\n",
        "many/tests/test_it.py": b"VALUE = 0\n",
        "many/native.so": b"\x7fELF\0\0",
    },
)

SCATTERED = tuple(
    Recipe(
        name=name,
        files={
            f"{name}/__init__.py": b"VALUE = 1\n",
            f"{name}-1.0.data/data/share/common/{name}/page": b"page",
            f"{name}-1.0.data/data/share/common/{name}.json": b"{}",
            f"{name}-1.0.data/data/etc/{name}/settings": b"setting",
            f"{name}-1.0.data/headers/{name}.h": b"int x;",
            f"{name}-1.0.data/scripts/{name}": b"#!python\nprint(1)\n",
            f"{name}-1.0.data/scripts/{name}-shell": b"#!/bin/sh\n",
            f"{name}-1.0.data/platlib/{name}/inner/native.so": b"\x7fELF\0",
        },
    )
    for name in ("here", "there")
)


def ready(bench: Bench, *stored: StoredWheel) -> None:
    folder = bench.store.folder
    python = Path(sys.base_prefix) / "bin" / "python3"
    post(folder, ReadyRequest(python, TAG, tuple(wheel.manifest.sha256 for wheel in stored)))
    assert len(stored) == work_off(folder, deadline=time.monotonic() + 60)


def install(bench: Bench, paths: InstallPaths, *recipes: Recipe) -> None:
    place_wheels([replace(bench.arrival(recipe, paths), tag=TAG) for recipe in recipes], bench.watcher)


def identities(folder: Path) -> dict[Path, tuple[int, int]]:
    return {file: ((status := file.stat()).st_ino, status.st_mtime_ns) for file in folder.iterdir()}


def test_bytecode_that_a_wheel_brings_along_stays_what_it_is(bench: Bench) -> None:
    own = f"many/__pycache__/late.{TAG}.pyc"
    recipe = replace(MANY, files={**MANY.files, "many/late.py": b"VALUE = 2\n", own: b"its own"})
    ready(bench, bench.stored(recipe))
    paths = bench.environment()
    install(bench, paths, recipe)
    assert b"its own" == (paths.root / LIBRARY / own).read_bytes()


def test_what_is_compiled_comes_with_the_next_environment_and_python_takes_it(bench: Bench) -> None:
    stored = bench.stored(MANY)
    ready(bench, stored)
    paths = bench.environment(is_real=True)
    install(bench, paths, MANY)
    cache = paths.root / LIBRARY / "many" / "inner" / "__pycache__"
    before = identities(cache)
    assert [f"__init__.{TAG}.pyc"] == [file.name for file in before]

    code = "import many, many.inner; print(many.VALUE, many.inner.__cached__)"
    told = subprocess.run([paths.interpreter, "-c", code], capture_output=True, text=True, check=True).stdout

    assert f"7 {next(iter(before))}\n" == told
    assert before == identities(cache)
    assert 2 == len((read_bytecode(stored.folder, TAG) or pytest.fail("nothing was kept")).files)


def test_a_module_that_is_edited_is_compiled_anew(bench: Bench) -> None:
    ready(bench, bench.stored(MANY))
    paths = bench.environment(is_real=True)
    install(bench, paths, MANY)
    module = paths.root / LIBRARY / "many" / "inner" / "__init__.py"
    module.unlink()
    module.write_bytes(b"VALUE = 8\n")
    os.utime(module, (1, 1))
    told = subprocess.run([paths.interpreter, "-c", "import many; print(many.VALUE)"], capture_output=True, check=True)
    assert b"8\n" == told.stdout


def test_what_was_laid_out_is_taken_by_one_environment_and_the_next_is_the_same(bench: Bench) -> None:
    wheels = [bench.stored(recipe) for recipe in (MANY, SINGLE)]
    ready(bench, *wheels)
    assert () == wanting(wheels, TAG)
    first, other, third = (bench.environment(name) for name in ("first", "other", "third"))
    install(bench, first, MANY, SINGLE)
    assert not any(has_spare(wheel.folder, TAG) for wheel in wheels)
    install(bench, other, MANY, SINGLE)
    ready(bench, *wheels)
    assert all(has_spare(wheel.folder, TAG) for wheel in wheels)
    install(bench, third, SINGLE, MANY)
    assert tree(first.root) == tree(other.root) == tree(third.root)


def test_what_belongs_elsewhere_is_laid_out_and_taken_as_well(bench: Bench, calls: Counter[str]) -> None:
    wheels = [bench.stored(recipe) for recipe in SCATTERED]
    ready(bench, *wheels)
    taken, linked = (bench.environment(name) for name in ("taken", "linked"))
    calls.clear()
    install(bench, taken, *SCATTERED)
    assert 0 == calls["link"]
    assert not any(has_spare(wheel.folder, TAG) for wheel in wheels)

    install(bench, linked, *SCATTERED)
    assert same_for_any(taken) == same_for_any(linked)
    assert b"page" == (taken.root / "share" / "common" / "there" / "page").read_bytes()
    assert (taken.root / LIBRARY / "here" / "inner" / "native.so").exists()
    assert b"setting" == (taken.root / "etc" / "here" / "settings").read_bytes()

    for paths in (taken, linked):
        bench.uninstall(paths, "here", "there")
        assert not [path for path in tree(paths.root) if "here" in path]


def same_for_any(paths: InstallPaths) -> dict[str, bytes]:
    """Return what is in an environment, wherever that is."""
    top = os.fsencode(paths.root)
    found = {path: content.replace(top, b"<root>") for path, (_mode, content) in tree(paths.root).items()}
    # The programs name the environment, and so their hashes do.
    return {
        path: b"\n".join(row for row in content.splitlines() if b"/bin/" not in row)
        if path.endswith("/RECORD")
        else content
        for path, content in found.items()
    }


def test_a_distribution_that_is_there_keeps_what_a_spare_would_put_in_its_place(bench: Bench) -> None:
    here, _there = SCATTERED
    rival = Recipe(name="rival", files={"rival-1.0.data/data/share/common/here/page": b"other"})
    ready(bench, bench.stored(rival))
    paths = bench.environment()
    install(bench, paths, here)
    before = tree(paths.root)
    with pytest.raises(FileClash, match="share/common/here/page"):
        install(bench, paths, rival)
    assert before == tree(paths.root)


def test_uninstalling_takes_the_bytecode_along(bench: Bench) -> None:
    ready(bench, bench.stored(MANY), bench.stored(SINGLE))
    paths = bench.environment()
    before = tree(paths.root)
    install(bench, paths, MANY, SINGLE)
    bench.uninstall(paths, "many", "single")
    left = tree(paths.root)
    left.pop(f"{LIBRARY}/__pycache__", None)
    assert before == left


def test_what_was_laid_out_for_elsewhere_is_looked_at_before_it_is_taken(bench: Bench) -> None:
    here, _there = SCATTERED
    stored = bench.stored(here)
    ready(bench, stored)
    page = stored.folder / SPARE / TAG / "schemes" / "data" / "share" / "common" / "here" / "page"
    page.unlink()
    page.write_bytes(b"bomb")
    paths = bench.environment()
    install(bench, paths, here)
    assert b"page" == (paths.root / "share" / "common" / "here" / "page").read_bytes()


def test_where_one_file_system_is_mounted_twice_the_files_are_laid_one_by_one(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheels = [bench.stored(recipe) for recipe in (MANY, SINGLE)]
    ready(bench, *wheels)
    alone, apart = (bench.environment(name) for name in ("alone", "apart"))
    mounted = os.fspath(bench.store.folder)
    rename = os.rename

    def refused(source: str, target: str, **folders: Any) -> None:
        # Which `st_dev` does not tell.
        if os.fspath(source).startswith(mounted) and folders:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV), source)
        rename(source, target, **folders)

    with monkeypatch.context() as patched:
        patched.setattr(os, "rename", refused)
        install(bench, apart, MANY, SINGLE)
    assert all(has_spare(wheel.folder, TAG) for wheel in wheels)
    install(bench, alone, MANY, SINGLE)
    assert not any(has_spare(wheel.folder, TAG) for wheel in wheels)
    assert tree(alone.root) == tree(apart.root)


@pytest.mark.parametrize("damage", ["edited", "missing", "bytecode", "added"])
def test_what_was_laid_out_is_looked_at_before_it_is_taken(bench: Bench, damage: str) -> None:
    stored = bench.stored(MANY)
    ready(bench, stored)
    laid = stored.folder / SPARE / TAG / "tree" / "many"
    match damage:
        case "edited":
            (laid / "__init__.py").unlink()
            (laid / "__init__.py").write_bytes(b"VALUE = 'planted'\n")
        case "missing":
            (laid / "native.so").unlink()
        case "added":
            (laid / "inner" / "planted.py").write_bytes(b"planted")
        case _:
            file = next((laid / "__pycache__").iterdir())
            file.unlink()
            file.write_bytes(b"planted")
    paths = bench.environment()
    install(bench, paths, MANY)
    assert b"from many.inner import VALUE\n" == (paths.root / LIBRARY / "many" / "__init__.py").read_bytes()
    assert (paths.root / LIBRARY / "many" / "native.so").exists()
    assert not has_spare(stored.folder, TAG)
    assert not [path for path, (_mode, content) in tree(paths.root).items() if b"planted" in content]


def test_a_spare_that_was_half_taken_is_none(bench: Bench) -> None:
    stored = bench.stored(MANY)
    ready(bench, stored)
    (stored.folder / SPARE / TAG / "whole").unlink()
    paths = bench.environment()
    install(bench, paths, MANY)
    assert (paths.root / LIBRARY / "many" / "native.so").exists()
    ready(bench, stored)
    assert has_spare(stored.folder, TAG)


def test_the_next_spare_is_made_while_one_is_being_taken(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    stored = bench.stored(SINGLE)
    ready(bench, stored)
    spare = find_spare(stored, TAG) or pytest.fail("there is none")
    taken = bench.folder / "taken"
    taken.mkdir()

    def is_free(_name: str) -> bool:
        # The bytecode is taken first.
        assert not has_spare(stored.folder, TAG)
        ready(bench, stored)
        return True

    with Way(taken) as way:
        assert take_spare(spare, way.to(""), is_free)
    assert {*spare.names} == {path.name for path in taken.iterdir()}
    # The next one is whole, too.
    assert (find_spare(stored, TAG) or pytest.fail("there is none")).names == spare.names
    assert 2 == len(list((stored.folder / SPARE).iterdir()))
    monkeypatch.setattr(time, "time", partial(float, time.time() + 2 * 24 * 3600))
    # Clocks leap: as long as somebody else has the store open, it may be taken still.
    for others in (1, 0):
        shutil.rmtree(stored.folder / SPARE / TAG)
        ready(bench, stored)
        assert 1 + others == len(list((stored.folder / SPARE).iterdir()))
        bench.store.close()


def test_what_stands_where_bytecode_belongs_is_left_alone(bench: Bench) -> None:
    ready(bench, bench.stored(SINGLE))
    for name in ("from a spare", "one by one"):
        paths = bench.environment(name)
        there = paths.root / LIBRARY / "__pycache__" / f"single.{TAG}.pyc"
        there.parent.mkdir()
        there.write_bytes(b"of an earlier one")
        install(bench, paths, SINGLE)
        assert b"of an earlier one" == there.read_bytes()
        assert (paths.root / LIBRARY / "single.py").exists()


def test_two_that_share_a_namespace_get_both_bytecodes(bench: Bench) -> None:
    parts = [Recipe(name=f"part{letter}", files={f"shared/{letter}.py": b"X = 1\n"}) for letter in "ab"]
    ready(bench, *(bench.stored(recipe) for recipe in parts))
    paths = bench.environment()
    install(bench, paths, *parts)
    shared = paths.root / LIBRARY / "shared"
    assert {"a.py", "b.py", "__pycache__"} == {path.name for path in shared.iterdir()}
    assert {f"a.{TAG}.pyc", f"b.{TAG}.pyc"} == {path.name for path in (shared / "__pycache__").iterdir()}


def test_one_process_at_a_time_works_requests_off(bench: Bench) -> None:
    stored = bench.stored(MANY)
    yard = bench.store.folder / YARD
    post(bench.store.folder, ReadyRequest(Path(sys.executable), TAG, (stored.manifest.sha256,)))
    with (yard / ".lock").open("w") as lock:
        assert try_lock(lock.fileno())
        assert 0 == work_off(bench.store.folder, deadline=time.monotonic() + 60)
    assert 1 == len(list(yard.glob("*.json")))
    assert 1 == work_off(bench.store.folder, deadline=time.monotonic() + 60)
    assert [] == list(yard.glob("*.json"))


def test_what_is_out_of_time_leaves_the_rest_to_the_next_one(bench: Bench) -> None:
    stored = bench.stored(MANY)
    post(bench.store.folder, ReadyRequest(Path(sys.executable), TAG, (stored.manifest.sha256,)))
    assert 0 == work_off(bench.store.folder, deadline=time.monotonic() - 1)
    assert 1 == work_off(bench.store.folder, deadline=time.monotonic() + 60)


def test_without_its_python_a_wheel_is_laid_out_all_the_same(bench: Bench) -> None:
    stored = bench.stored(MANY)
    post(bench.store.folder, ReadyRequest(bench.folder / "no-python", TAG, (stored.manifest.sha256,)))
    work_off(bench.store.folder, deadline=time.monotonic() + 60)
    assert read_bytecode(stored.folder, TAG) is None
    assert has_spare(stored.folder, TAG)


def test_what_works_for_somebody_ends_with_them(bench: Bench) -> None:
    files = {f"many/m{number}.py": b"VALUES = [" + b"1, " * 20_000 + b"]\n" for number in range(400)}
    stored = bench.stored(replaced(MANY, files=files))
    post(bench.store.folder, ReadyRequest(Path(sys.executable), TAG, (stored.manifest.sha256,)))
    words = [sys.executable, "-P", "-m", MODULE, str(bench.store.folder), ATTACHED]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        time.sleep(0.3)
        worker.stdin.close()
        assert 0 == worker.wait(60)
    assert 1 == len(list((bench.store.folder / YARD).glob("*.json")))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what the system is asked, by name."""
    counts: Counter[str] = Counter()

    def counted(name: str, own: Callable[..., object], *given: object, **named: object) -> object:
        counts[name] += 1
        return own(*given, **named)

    # The library asks the system itself.
    monkeypatch.setattr(sheet, "loaded_swift", lambda: None)
    monkeypatch.setattr(link, "swift", lambda: None)
    for name in ("stat", "lstat", "open", "link", "rename", "mkdir", "scandir", "listdir"):
        monkeypatch.setattr(os, name, partial(counted, name, getattr(os, name)))
    return counts


def counted_install(bench: Bench, calls: Counter[str], number: int, *, is_ready: bool) -> Counter[str]:
    """Install a wheel with so many files in three folders."""
    name = f"has{number}{'ready' if is_ready else 'raw'}"
    tops = (f"{name}/a", f"{name}/b", f"{name}-1.0.data/data/share/{name}")
    files = {f"{top}/m{place}.txt": b"text\n" for place in range(number // 3) for top in tops}
    recipe = Recipe(name=name, files=files)
    if is_ready:
        ready(bench, bench.stored(recipe))
    arrival = replace(
        bench.arrival(recipe, bench.environment(name)), tag=TAG, linker=Linker(Method.LINK, is_edited=False)
    )
    calls.clear()
    place_wheels([arrival], bench.watcher)
    return Counter(calls)


def test_taking_what_was_laid_out_asks_once_about_each_file_and_nothing_else(bench: Bench, calls: Counter[str]) -> None:
    few, many = (counted_install(bench, calls, number, is_ready=True) for number in (30, 90))
    looks = ("stat", "lstat")
    assert 60 == sum(many[name] - few[name] for name in looks)
    assert 0 == many["link"]
    assert {name: count for name, count in few.items() if name not in looks} == {
        name: count for name, count in many.items() if name not in looks
    }


def test_linking_a_wheel_looks_at_each_file_links_it_and_enters_each_folder_once(
    bench: Bench, calls: Counter[str]
) -> None:
    few, many = (counted_install(bench, calls, number, is_ready=False) for number in (30, 90))
    assert (60, 60) == (many["link"] - few["link"], many["stat"] - few["stat"])
    rest = ("lstat", "open", "rename", "mkdir", "scandir", "listdir")
    assert [few[name] for name in rest] == [many[name] for name in rest]

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.clash import FileClash
from chapbook_core.installer.link import Linker, Method
from chapbook_core.installer.placement import PlacementFailed, place_wheels
from chapbook_core.installer.record import read_rows
from chapbook_core.installer.relocation import InTheWay
from chapbook_core.installer.script import Script
from chapbook_core.installer.store import StoreDamaged
from tests.fakes.installing import tree
from tests.fakes.watcher import RecordingWatcher
from tests.fakes.wheels import GOOD, Recipe

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.installer.schemes import InstallPaths
    from tests.fakes.installing import Bench

LIBRARY = "lib/python3.11/site-packages"
INFO = "good-1.0.dist-info"
PKGUTIL = b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n"
DATA = Recipe(
    files={
        "good-1.0.data/scripts/tool": b"#!python\nprint('tool runs')\n",
        "good-1.0.data/scripts/shell": b"#!/bin/sh\necho shell\n",
        "good-1.0.data/data/share/man/good.1": b"page",
        "good-1.0.data/headers/good.h": b"int x;",
        "good-1.0.data/platlib/good/_native.so": b"\x7fELF\0",
        "good-1.0.data/purelib/good/pure.py": b"PURE = 1\n",
    }
)


def run(paths: InstallPaths, *words: str) -> str:
    return subprocess.run(
        [str(paths.interpreter), *words], capture_output=True, text=True, check=True, cwd=paths.root
    ).stdout.strip()


def assert_record_is_true(paths: InstallPaths, info: str = INFO) -> None:
    library = paths.root / paths.purelib
    listed = set()
    for row in read_rows((library / info / "RECORD").read_bytes()):
        file = library / row.path
        listed.add(os.path.normpath(file))
        if row.digest:
            digest = base64.urlsafe_b64encode(hashlib.sha256(file.read_bytes()).digest()).decode().rstrip("=")
            assert (f"sha256={digest}", str(file.stat().st_size)) == (row.digest, row.size)
    inside = {os.path.normpath(path) for path in (library / info).iterdir()}
    assert inside <= listed


def test_a_wheel_becomes_importable_and_leaves_nothing(bench: Bench) -> None:
    paths = bench.environment(is_real=True)
    before = tree(paths.root)
    bench.install(paths, GOOD)
    assert (
        "good runs"
        == subprocess.run([paths.root / "bin" / "good"], capture_output=True, text=True, check=True).stdout.strip()
    )
    assert "1.0 1" == run(paths, "-c", "import good, good.sub.inner as i; print(good.VERSION, i.VALUE)")
    code = "import importlib.metadata as m; d = m.distribution('good'); print(d.version, len(d.files))"
    assert "1.0 11" == run(paths, "-c", code)
    assert_record_is_true(paths)
    assert "chapbook\n" == (paths.root / LIBRARY / INFO / "INSTALLER").read_text()
    assert not (paths.root / ".chapbook").exists()
    bench.uninstall(paths, "good")
    assert before == tree(paths.root)


def test_every_scheme_has_its_place(bench: Bench) -> None:
    paths = bench.environment(is_real=True)
    before = tree(paths.root)
    bench.install(paths, DATA)
    root = paths.root
    assert (
        "tool runs"
        == subprocess.run([root / "bin" / "tool"], capture_output=True, text=True, check=True).stdout.strip()
    )
    assert b"#!/bin/sh\necho shell\n" == (root / "bin" / "shell").read_bytes()
    assert (root / "bin" / "shell").stat().st_mode & 0o111
    assert "page" == (root / "share" / "man" / "good.1").read_text()
    assert "int x;" == (root / "include" / "site" / "python3.11" / "good" / "good.h").read_text()
    assert (root / LIBRARY / "good" / "_native.so").is_file()
    assert not (root / LIBRARY / "good-1.0.data").exists()
    assert_record_is_true(paths)
    bench.uninstall(paths, "good")
    assert before == tree(paths.root)


def test_what_is_told_of_an_installation_is_written(bench: Bench) -> None:
    paths = bench.environment()
    origin = {"url": "https://example.org/good.whl", "archive_info": {}}
    place_wheels([replace(bench.arrival(GOOD, paths), is_requested=True, direct_url=origin)], bench.watcher)
    info = paths.root / LIBRARY / INFO
    assert b"" == (info / "REQUESTED").read_bytes()
    assert origin == json.loads((info / "direct_url.json").read_text())
    assert_record_is_true(paths)


@pytest.mark.parametrize("method", [Method.COPY, Method.LINK])
def test_an_edit_in_one_environment_shows_nowhere_else(bench: Bench, method: Method) -> None:
    bench.linker = Linker(method)
    one, other = bench.environment("one"), bench.environment("other")
    bench.install(one, GOOD)
    bench.install(other, GOOD)
    stored = bench.stored(GOOD)
    native = "good/data.bin"
    inodes = {(paths.root / LIBRARY / native).stat().st_ino for paths in (one, other)}
    assert (2 if method is Method.COPY else 1) == len(inodes)
    file = one.root / LIBRARY / "good" / "__init__.py"
    try:
        file.write_text("EDITED = True\n")
    except PermissionError:
        # Where permissions bind, a linked file is read-only, and that is the answer.
        assert os.geteuid() != 0
    assert "EDITED" not in (other.root / LIBRARY / "good" / "__init__.py").read_text()
    bench.store.verify(stored, is_thorough=True)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() != 0, reason="only root can become somebody else")
def test_somebody_whom_permissions_bind_gets_links_and_cannot_edit_them(bench: Bench) -> None:
    bench.linker = Linker(Method.LINK)
    bench.linker._binding = True
    one, other = bench.environment("one"), bench.environment("other")
    bench.install(one, GOOD)
    bench.install(other, GOOD)
    file = one.root / LIBRARY / "good" / "__init__.py"
    assert file.stat().st_ino == (other.root / LIBRARY / "good" / "__init__.py").stat().st_ino
    bench.folder.chmod(0o755)
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        try:
            with open(file, "w") as stream:  # noqa: PTH123  this process is to do as little as possible
                stream.write("edited")
        except PermissionError:
            os._exit(0)
        os._exit(1)
    assert 0 == os.waitpid(child, 0)[1]


def test_an_edited_store_is_not_placed(bench: Bench) -> None:
    paths = bench.environment()
    stored = bench.stored(GOOD)
    victim = stored.tree / "good" / "notes.txt"
    victim.chmod(0o644)
    victim.write_text("edited")
    before = tree(paths.root)
    with pytest.raises(StoreDamaged, match=r"notes\.txt"):
        bench.install(paths, GOOD)
    assert before == tree(paths.root)
    bench.store.discard(stored.manifest.sha256)
    bench.install(paths, GOOD)
    assert "Some notes.\n" == (paths.root / LIBRARY / "good" / "notes.txt").read_text()


def test_a_clash_is_refused_with_both_names(bench: Bench) -> None:
    paths = bench.environment()
    rival = Recipe("rival", files={"good/__init__.py": b"another\n"})
    before = tree(paths.root)
    with pytest.raises(FileClash, match="rival and good both bring"):
        bench.install(paths, GOOD, rival)
    assert before == tree(paths.root)
    bench.install(paths, GOOD)
    before = tree(paths.root)
    with pytest.raises(FileClash, match="rival and good both bring"):
        bench.install(paths, rival)
    with pytest.raises(FileClash, match="rival and good both bring `bin/good`"):
        bench.install(paths, Recipe("rival", entry_points="[console_scripts]\ngood = rival:main\n"))
    assert before == tree(paths.root)


def test_a_file_of_nobody_is_not_overwritten(bench: Bench) -> None:
    paths = bench.environment()
    (paths.root / LIBRARY / "good").mkdir()
    (paths.root / LIBRARY / "good" / "__init__.py").write_text("mine\n")
    with pytest.raises(FileClash, match="belongs to no package"):
        bench.install(paths, GOOD)
    assert "mine\n" == (paths.root / LIBRARY / "good" / "__init__.py").read_text()


@pytest.mark.parametrize("is_together", [False, True])
def test_namespaces_are_shared(bench: Bench, is_together: bool) -> None:
    paths = bench.environment()
    before = tree(paths.root)
    one = Recipe("one", files={"space/__init__.py": PKGUTIL, "space/one.py": b"", "space/py.typed": b""})
    two = Recipe("two", files={"space/__init__.py": b"# two\n" + PKGUTIL, "space/two.py": b"", "space/py.typed": b""})
    if is_together:
        bench.install(paths, one, two)
    else:
        bench.install(paths, one)
        bench.install(paths, two)
    assert_record_is_true(paths, "one-1.0.dist-info")
    assert_record_is_true(paths, "two-1.0.dist-info")
    bench.uninstall(paths, "one")
    assert PKGUTIL == (paths.root / LIBRARY / "space" / "__init__.py").read_bytes()
    assert not (paths.root / LIBRARY / "space" / "one.py").exists()
    bench.uninstall(paths, "two")
    assert before == tree(paths.root)


@pytest.mark.parametrize("link", ["good", "bin"])
def test_nothing_is_written_through_a_link(bench: Bench, link: str) -> None:
    paths = bench.environment()
    outside = bench.folder / "outside"
    outside.mkdir()
    if link == "bin":
        (paths.root / "bin" / "python").unlink()
        (paths.root / "bin").rmdir()
        (paths.root / "bin").symlink_to(outside)
    else:
        (paths.root / LIBRARY / link).symlink_to(outside)
    with pytest.raises(InTheWay, match="it is a link"):
        bench.install(paths, GOOD)
    assert [] == list(outside.iterdir())
    assert [] == list((paths.root / LIBRARY).glob("*.dist-info"))


def test_the_interpreter_is_not_replaced(bench: Bench) -> None:
    paths = bench.environment()
    recipe = Recipe(files={"good-1.0.data/data/bin/python": b""})
    with pytest.raises(BadWheel, match="environment itself"):
        bench.install(paths, recipe)


def test_an_interruption_leaves_the_environment_as_it_was(bench: Bench) -> None:
    paths = bench.environment()
    before = tree(paths.root)
    arrivals = [bench.arrival(recipe, paths) for recipe in (GOOD, Recipe("other"))]
    for count in range(3):
        with pytest.raises(Cancelled):
            place_wheels(arrivals, RecordingWatcher(cancel_after=count))
        assert before == tree(paths.root)


def test_a_full_disk_leaves_the_environment_as_it_was(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = bench.environment()
    before = tree(paths.root)
    arrival = bench.arrival(GOOD, paths)
    rename = os.rename

    def failing(source: str, target: str, **options: int) -> None:
        if source.endswith(".dist-info"):
            raise OSError(28, "No space left on device")
        rename(source, target, **options)

    monkeypatch.setattr(os, "rename", failing)
    with pytest.raises(PlacementFailed, match="No space left on device") as caught:
        place_wheels([arrival], bench.watcher)
    assert caught.value.hints == ("free some space on that disk and try again",)
    assert before == tree(paths.root)


def test_hundreds_of_folders_need_few_descriptors(bench: Bench) -> None:
    paths = bench.environment()
    bench.install(paths, Recipe(files={f"good/{number}/x.py": b"" for number in range(300)}))
    assert 300 == len(list((paths.root / LIBRARY / "good").glob("*/x.py")))


def test_peers_see_what_is_installed(bench: Bench, uv: Path) -> None:
    paths = bench.environment(is_real=True)
    bench.install(paths, GOOD, Recipe("other", "2.0"))
    command = [str(uv), "pip", "list", "--format", "freeze", "--python", str(paths.interpreter)]
    assert "good==1.0\nother==2.0\n" == subprocess.run(command, capture_output=True, text=True, check=True).stdout
    subprocess.run([str(uv), "pip", "uninstall", "good", "--python", str(paths.interpreter)], check=True)
    assert not (paths.root / LIBRARY / "good").exists()


@pytest.mark.parametrize("fact", ["scripts", "dist_info"])
def test_what_was_spoilt_in_the_store_leads_nowhere_else(bench: Bench, fact: str) -> None:
    paths = bench.environment()
    arrival = bench.arrival(GOOD, paths)
    out, held = "../" * 5 + "out", arrival.stored.manifest
    if fact == "scripts":
        manifest = replace(held, scripts=(Script(out, "os", "system"),))
    else:
        manifest = replace(held, dist_info=out)
    before = tree(bench.folder)
    with pytest.raises(ChapbookError):
        place_wheels([replace(arrival, stored=replace(arrival.stored, manifest=manifest))], bench.watcher)
    assert before == tree(bench.folder)

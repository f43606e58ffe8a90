"""Whatever the library does has to come to what Python alone comes to, of archives in order and of any others."""

from __future__ import annotations

import io
import os
import random
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Unwatched
from chapbook_core.installer import unpacking, usual_wheel
from chapbook_core.installer.archive import ArchiveLimits
from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.listing import Room
from chapbook_core.installer.store import Store
from chapbook_core.installer.swift import LIBRARY, Swift, swift
from chapbook_core.installer.usual_wheel import Unusual, UsualWheel
from tests.fakes import wheels
from tests.fakes.wheels import GOOD, Part, Recipe, corpus, pack
from tests.faults.mutate_archives import mutated

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.fakes.wheels import Case

ROOT = Path(__file__).parents[3]
SOURCES = sorted(LIBRARY.parent.glob("swift*.[ch]"))
HAS_COMPILER = shutil.which("cc") is not None
needs_swift = pytest.mark.skipif(swift() is None, reason="the library is not built here: there was no compiler")

Outcome = str | dict[str, tuple[bytes, str, int, bool, bool, int]]


def outcome(wheel: Path, folder: Path, *, is_swift: bool) -> Outcome:
    """Store a wheel, and return what was said against it, or all that is known of each file."""
    with pytest.MonkeyPatch.context() as patch, Store(folder) as store:
        if not is_swift:
            patch.setattr(usual_wheel, "swift", lambda: None)
        try:
            stored = store.add(wheel, wheel.name)
            store.verify(stored, is_thorough=True)
        except ChapbookError as refused:
            return str(refused)
        found: dict[str, tuple[bytes, str, int, bool, bool, int]] = {}
        for file in stored.manifest.files:
            path = stored.tree / file.path
            mode = path.stat().st_mode
            found[file.path] = path.read_bytes(), file.sha256, file.size, file.is_executable, file.is_text, mode
        assert stored.manifest.starting == tuple(sorted(stored.manifest.starting))
        found[""] = b"", repr((stored.manifest.starting, stored.manifest.complaints)), 0, False, False, 0
        return found


def outcomes(wheel: Path, folder: Path) -> tuple[Outcome, Outcome]:
    return outcome(wheel, folder / "swift", is_swift=True), outcome(wheel, folder / "plain", is_swift=False)


@pytest.fixture
def plain_files(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the files that are taken out one by one."""
    taken: list[str] = []
    write = unpacking.write_member

    def noted(archive: object, member: object, expected: object, tree: object) -> object:
        taken.append(member.path)  # type: ignore[attr-defined]  # whatever it is given
        return write(archive, member, expected, tree)  # type: ignore[arg-type]  # likewise

    for module in (unpacking, usual_wheel):
        monkeypatch.setattr(module, "write_member", noted)
    return taken


def many() -> Recipe:
    """Return a wheel of files of all sorts and sizes."""
    chance = random.Random(7)
    files = {f"good/part{number % 9}/m{number}.py": b"x = 1\n" * (number % 200) for number in range(700)}
    files |= {f"good/data/{number}.bin": chance.randbytes(number * 7919 % 60_000) for number in range(40)}
    files |= {"good/empty.txt": b"", "good/large.bin": chance.randbytes(3 << 20), "good/zeros": bytes(5 << 20)}
    return Recipe(files={**files, "good.pth": b"import good\n"}, change=mixed)


def few() -> list[Part]:
    return Recipe(files={f"good/m{number}.py": b"x = 1\n" * (number % 200) for number in range(300)}).parts_of()


def mixed(parts: list[Part]) -> list[Part]:
    """Have some of the files deflated, and some of them programs."""
    return [
        Part(part.path, part.content, is_deflated=number % 5 != 0, mode=0o100755 if number % 7 == 0 else 0o100644)
        for number, part in enumerate(parts)
    ]


@needs_swift
def test_a_usual_wheel_is_taken_out_by_the_library_alone(tmp_path: Path, plain_files: list[str]) -> None:
    fast = outcome(many().write(tmp_path), tmp_path / "swift", is_swift=True)
    assert plain_files == []
    slow = outcome(many().write(tmp_path), tmp_path / "plain", is_swift=False)
    assert len(plain_files) == len(slow) - 1 > 740
    assert fast == slow


@needs_swift
def test_hundreds_of_files_are_taken_out_at_a_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    unpack = Swift.unpack

    def counted(self: Swift, *what: object, **how: bool) -> int:
        calls.append(unpack(self, *what, **how))  # type: ignore[arg-type]  # what it is given
        return calls[-1]

    monkeypatch.setattr(Swift, "unpack", counted)
    outcome(many().write(tmp_path), tmp_path / "store", is_swift=True)
    assert sum(calls) > 740
    assert len(calls) < 20


@needs_swift
def test_digests_are_made_by_python_where_its_library_is_closed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plain_files: list[str]
) -> None:
    helper = swift()
    assert helper is not None
    monkeypatch.setattr(helper, "_hasher", None)
    fast = outcome(many().write(tmp_path), tmp_path / "swift", is_swift=True)
    assert plain_files == []
    assert fast == outcome(many().write(tmp_path), tmp_path / "plain", is_swift=False)


@needs_swift
@pytest.mark.parametrize("case", corpus(Path("/nowhere")), ids=lambda case: case.item)
def test_every_bad_wheel_gets_the_same_verdict(tmp_path: Path, case: Case) -> None:
    fast, slow = outcomes(case.recipe.write(tmp_path), tmp_path)
    assert fast == slow


@needs_swift
def test_archives_with_bytes_changed_get_the_same_verdict(tmp_path: Path) -> None:
    chance = random.Random(11)
    good = Recipe(files={"good/a.py": b"a = 1\n" * 99, "good/b.bin": chance.randbytes(300)}, change=mixed).build()
    wheel, said = tmp_path / GOOD.filename, set()
    for number in range(400):
        wheel.write_bytes(mutated(good, good, chance))
        fast, slow = outcomes(wheel, tmp_path / str(number))
        assert fast == slow
        said.add(fast.partition(":")[2][:30] if isinstance(fast, str) else "")
    assert len(said) > 5


@needs_swift
@pytest.mark.parametrize("hidden", [b"x", b"\x03\0", bytes(8)])
def test_bytes_that_follow_a_deflated_file_are_refused(tmp_path: Path, hidden: bytes) -> None:
    def longer(parts: list[Part]) -> list[Part]:
        return [Part(part.path, part.content, is_deflated=part.path == "good/x.py") for part in parts]

    with pytest.MonkeyPatch.context() as patch:
        deflated = wheels._deflated
        patch.setattr(wheels, "_deflated", lambda content: deflated(content) + hidden)
        wheel = Recipe(files={"good/x.py": b"x = 1\n" * 300}, change=longer).write(tmp_path)
    fast, slow = outcomes(wheel, tmp_path)
    assert fast == slow
    assert "longer than the ZIP directory says" in str(fast)


@needs_swift
@pytest.mark.parametrize("name", ["with-descriptors", "with-extra-fields", "turned-round"])
def test_archives_of_other_kinds_are_taken_out_all_the_same(tmp_path: Path, name: str) -> None:
    parts = few()
    wheel = tmp_path / GOOD.filename
    if name == "turned-round":
        wheel.write_bytes(turned_round(pack(parts)))
    else:
        written(wheel, parts, is_streamed=name == "with-descriptors")
    fast, slow = outcomes(wheel, tmp_path)
    assert fast == slow
    assert not isinstance(fast, str)


def written(wheel: Path, parts: list[Part], *, is_streamed: bool) -> None:
    """Write an archive as to a pipe, with what files are behind each; or with a wide size before each."""
    pipe = Pipe() if is_streamed else io.BytesIO()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts:
            with archive.open(zipfile.ZipInfo(part.path), "w", force_zip64=not is_streamed) as member:
                member.write(part.content)
    wheel.write_bytes(pipe.getvalue())


class Pipe(io.BytesIO):
    """What is written to it is gone."""

    def tell(self) -> int:
        raise OSError


def turned_round(content: bytes) -> bytes:
    """Return an archive whose directory names the files from the last to the first."""
    end = content.rindex(b"PK\x05\x06")
    start = int.from_bytes(content[end + 16 : end + 20], "little")
    entries = [b"PK\x01\x02" + entry for entry in content[start:end].split(b"PK\x01\x02")[1:]]
    return content[:start] + b"".join(reversed(entries)) + content[end:]


@needs_swift
def test_what_is_in_the_way_is_left_as_it_is(tmp_path: Path) -> None:
    wheel = many().write(tmp_path)
    tree = tmp_path / "tree"

    class Meddler(Unwatched):
        def checkpoint(self) -> None:
            (tree / "good" / "part1").mkdir(parents=True, exist_ok=True)
            (tree / "good" / "part1" / "m100.py").write_bytes(b"mine")

    with UsualWheel(wheel, wheel.name, ArchiveLimits()) as opened, pytest.raises(Unusual):
        opened.unpack("0" * 64, tree, Meddler())
    assert (tree / "good" / "part1" / "m100.py").read_bytes() == b"mine"


@needs_swift
def test_unpacking_can_be_stopped_between_two_handfuls(tmp_path: Path) -> None:
    wheel = many().write(tmp_path)

    class Impatient(Unwatched):
        left = 3

        def checkpoint(self) -> None:
            self.left -= 1
            if not self.left:
                raise KeyboardInterrupt

    with Store(tmp_path / "store") as store:
        with pytest.raises(KeyboardInterrupt):
            store.add(wheel, wheel.name, watcher=Impatient())
        assert not list((tmp_path / "store").glob("wheels*/*/*"))
        assert not list((tmp_path / "store").glob("workshops/*/*"))


@needs_swift
def test_a_file_too_large_to_be_held_is_left_to_python(
    tmp_path: Path, plain_files: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usual_wheel, "_MOST_OF_ONE", 4 << 20)
    monkeypatch.setattr(usual_wheel._ROOMS, "room", Room())
    fast = outcome(many().write(tmp_path), tmp_path / "swift", is_swift=True)
    assert plain_files == ["good/zeros"]
    assert not isinstance(fast, str)


@needs_swift
def test_a_file_that_contradicts_record_is_refused_by_name(tmp_path: Path) -> None:
    def swapped(parts: list[Part]) -> list[Part]:
        return [Part(part.path, b"y = 2\n") if part.path == "good/x.py" else part for part in parts]

    wheel = Recipe(files={"good/x.py": b"x = 1\n"}, change=swapped).write(tmp_path)
    with Store(tmp_path / "store") as store, pytest.raises(BadWheel, match=r"a file differs from RECORD.*good/x\.py"):
        store.add(wheel, wheel.name)


@needs_swift
@pytest.mark.parametrize("is_deflated", [True, False])
def test_long_lists_of_folders_are_taken_for_code_in_the_same_way(tmp_path: Path, is_deflated: bool) -> None:
    def packed(parts: list[Part]) -> list[Part]:
        return [Part(part.path, part.content, is_deflated=is_deflated) for part in parts]

    fast, slow = outcomes(Recipe(files={"good.pth": b"# x\n" * 80_000}, change=packed).write(tmp_path), tmp_path)
    assert fast == slow


@needs_swift
@pytest.mark.parametrize("algorithm", ["sha384", "sha512"])
def test_digests_of_other_kinds_are_checked_as_well(tmp_path: Path, algorithm: str) -> None:
    wheel = Recipe(files={"good/x.py": b"x = 1\n"}, record_algorithm=algorithm).write(tmp_path)
    fast, slow = outcomes(wheel, tmp_path)
    assert fast == slow
    assert not isinstance(fast, str)


@pytest.fixture
def no_library(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path / "libswift.so"
    swift.cache_clear()


def test_without_the_library_everything_works(
    tmp_path: Path, no_library: Path, monkeypatch: pytest.MonkeyPatch, plain_files: list[str]
) -> None:
    monkeypatch.setattr("chapbook_core.installer.swift.LIBRARY", no_library)
    swift.cache_clear()
    assert swift() is None
    assert not isinstance(outcome(GOOD.write(tmp_path), tmp_path / "store", is_swift=True), str)
    assert plain_files


@pytest.mark.skipif(not HAS_COMPILER, reason="there is no compiler here")
def test_the_build_script_compiles_the_library(tmp_path: Path) -> None:
    folder = tmp_path / "chapbook_core" / "installer"
    folder.mkdir(parents=True)
    for source in SOURCES:
        shutil.copy(source, folder)
    script = shutil.copy(ROOT / "core" / "compile_swift.py", tmp_path)
    subprocess.run([sys.executable, script], check=True, env={**os.environ, "CC": "cc -Werror"})
    assert {path.name for path in folder.iterdir()} == {"libswift.so", *(source.name for source in SOURCES)}
    Swift(folder / "libswift.so")


@pytest.mark.skipif(not HAS_COMPILER, reason="there is no compiler here")
@pytest.mark.parametrize(
    ("line", "other"),
    [
        ("uint32_t is_text;", "uint64_t is_text;"),
        ("char told[44];", "char told[45];"),
        ("uint32_t kind;", "uint64_t kind;"),
        ("int archive, folder;", "int64_t archive, folder;"),
        ("static const uint32_t layout[] = {\n        2,", "static const uint32_t layout[] = {\n        1,"),
        ("chapbook_layout(", "nothing_of_the_sort("),
    ],
)
def test_a_library_that_was_compiled_from_another_source_is_not_called(tmp_path: Path, line: str, other: str) -> None:
    library, found = tmp_path / "libswift.so", 0
    for source in SOURCES:
        text = source.read_text()
        found += text.count(line)
        (tmp_path / source.name).write_text(text.replace(line, other))
    assert found == 1
    flags = ["-fPIC", "-shared", "-D_GNU_SOURCE", "-D_DARWIN_C_SOURCE", "-o", str(library)]
    subprocess.run(["cc", *flags, *map(str, tmp_path.glob("*.c"))], check=True)
    with pytest.raises((ImportError, AttributeError)):
        Swift(library)


@needs_swift
@pytest.mark.parametrize("packed", [b"\x03\0", bytes.fromhex("05de81000000000090ff6b2700"), b"\x01\0\0\xff\xff", b""])
def test_empty_files_get_the_same_verdict_however_they_are_deflated(tmp_path: Path, packed: bytes) -> None:
    def deflated(parts: list[Part]) -> list[Part]:
        return [Part(part.path, part.content, is_deflated=part.path == "good/x.py") for part in parts]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(wheels, "_deflated", lambda _content: packed)
        wheel = Recipe(files={"good/x.py": b""}, change=deflated).write(tmp_path)
    fast, slow = outcomes(wheel, tmp_path)
    assert fast == slow


@pytest.mark.parametrize("compiler", ["no-such-compiler", f"{sys.executable} -c 1/0"])
def test_without_a_compiler_the_build_script_says_so_and_is_content(tmp_path: Path, compiler: str) -> None:
    folder = tmp_path / "chapbook_core" / "installer"
    folder.mkdir(parents=True)
    (folder / "swift.c").write_text("")
    (folder / "libswift.so").write_text("of another machine")
    script = shutil.copy(ROOT / "core" / "compile_swift.py", tmp_path)
    done = subprocess.run(
        [sys.executable, script], check=True, env={**os.environ, "CC": compiler}, capture_output=True, text=True
    )
    assert "could not be compiled" in done.stderr
    assert [path.name for path in folder.iterdir()] == ["swift.c"]

"""A usual wheel comes to the same manifest as any other; what is not quite as usual is left to Python."""

from __future__ import annotations

import hashlib
import random
import re
import string
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import ChapbookError
from chapbook_core.events import Unwatched
from chapbook_core.installer.archive import Archive, ArchiveLimits
from chapbook_core.installer.archive_directory import CENTRAL_LIMIT, find_directory
from chapbook_core.installer.bad_wheel import BadWheel, Refusal
from chapbook_core.installer.listing import Room
from chapbook_core.installer.manifest import Manifest, read_manifest
from chapbook_core.installer.store import Store
from chapbook_core.installer.swift import swift
from chapbook_core.installer.unpacking import AnyWheel
from chapbook_core.installer.usual_wheel import _MOST_FILES, _ROOMS, Unusual, UsualWheel
from tests.fakes.wheels import GOOD, Part, Recipe, pack
from tests.faults.mutate_archives import mutated

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chapbook_core.installer.archive import Member
    from chapbook_core.installer.listing import Listing

pytestmark = pytest.mark.skipif(swift() is None, reason="the library is not built here: there was no compiler")

LIMITS = ArchiveLimits()
_TIME = re.compile(rb"\b\d{18,19}\b")
INFO, DATA = "good-1.0.dist-info", "good-1.0.data"


def manifest_of(kind: type[AnyWheel | UsualWheel], wheel: Path, tree: Path) -> Manifest:
    with kind(wheel, wheel.name, LIMITS) as opened:
        return opened.unpack("0" * 64, tree, Unwatched())


def blobs(wheel: Path, folder: Path) -> tuple[bytes, bytes]:
    """Return the manifest that each makes of a wheel, without the times at which its files were written."""
    usual = manifest_of(UsualWheel, wheel, folder / "usual")
    any_kind = manifest_of(AnyWheel, wheel, folder / "any")
    assert tuple(usual.files) == tuple(read_manifest(usual.blob()).files)
    for manifest in (usual, any_kind):
        assert len(_TIME.findall(manifest.blob())) == len(manifest.files)
    # The checksum, too, is one of the times.
    return tuple(_TIME.sub(b"", manifest.blob()).partition(b"\n")[2] for manifest in (usual, any_kind))  # type: ignore[return-value]  # two


def with_folders(parts: list[Part]) -> list[Part]:
    """Have an entry for each folder as well, as some tools write it, and RECORD among the first."""
    folders = {path.rpartition("/")[0] for part in parts if "/" in (path := part.path)}
    return [*(Part(f"{folder}/", mode=0o40755) for folder in sorted(folders)), parts[-1], *parts[:-1]]


def with_returns(parts: list[Part]) -> list[Part]:
    """Have RECORD end its lines as on Windows."""
    return [Part(part.path, re.sub(rb"\n", b"\r\n", part.content) if "RECORD" in part.path else part.content)
            for part in parts]  # fmt: skip


def deflated(parts: list[Part]) -> list[Part]:
    return [Part(part.path, part.content, is_deflated=bool(part.content)) for part in parts]


USUAL = {
    "plain": Recipe(),
    "deflated": Recipe(files={"good/a.py": b"a = 1\n" * 99, "good/empty": b""}, change=deflated),
    "folders": Recipe(
        files={"good/sub/a.py": b"", "good/sub-b/c.py": b"c", "good.libs/x.so": b"\0"}, change=with_folders
    ),
    "returns": Recipe(change=with_returns),
    "scattered": Recipe(
        files={f"{DATA}/scripts/run": b"#!python\n", f"{DATA}/data/share/x.json": b"{}", f"{DATA}/purelib/more.py": b""}
    ),
    "names": Recipe(
        files={"good/a b (1).txt": b"x", "good/$$~!@#%^&*;'<>?|[]{}=+`.py": b"y", "z.py": b"", "A.py": b""}
    ),
    "starting": Recipe(files={"good.pth": b"import good\n", "other.pth": b"folder\n", "sitecustomize.py": b"1\n"}),
    "names of starting folders": Recipe(files={"x.pth/a.py": b"1", "customize/b.py": b"2"}, change=with_folders),
    "inner information": Recipe(files={"good/_vendor/six-1.0.dist-info/METADATA": b"Name: six\n"}),
    "points": Recipe(entry_points="[console_scripts]\ngood = good:main\n", is_pure=False),
    "programs": Recipe(change=lambda parts: [Part(part.path, part.content, mode=0o100755) for part in parts]),
    "no system": Recipe(change=lambda parts: [Part(part.path, part.content, mode=0) for part in parts]),
}  # fmt: skip


@pytest.mark.parametrize("name", USUAL)
def test_a_usual_wheel_has_the_manifest_that_any_wheel_has(tmp_path: Path, name: str) -> None:
    usual, any_kind = blobs(USUAL[name].write(tmp_path), tmp_path)
    assert usual == any_kind


def test_many_files_are_sorted_alike(tmp_path: Path) -> None:
    chance = random.Random(3)

    def part() -> str:
        return "".join(chance.choices("ab-._", k=chance.randint(1, 3))) + "x"

    names = {"/".join(part() for _ in range(chance.randint(1, 4))) for _ in range(400)}
    files: dict[str, bytes] = {}
    for name in sorted(names):
        above = {name[: match.start()] for match in re.finditer("/", name)}
        if not {f"good/{folder}" for folder in above} & files.keys() and not any(
            other.startswith(f"{name}/") for other in names
        ):
            files[f"good/{name}"] = name.encode()
    usual, any_kind = blobs(Recipe(files={**files, f"{DATA}/data/x/y": b""}).write(tmp_path), tmp_path)
    assert len(files) > 200
    assert usual == any_kind


def test_a_wheel_of_too_many_roots_is_left_to_python(tmp_path: Path) -> None:
    wheel = Recipe(files={f"module{number}.py": b"" for number in range(100)}).write(tmp_path)
    with UsualWheel(wheel, wheel.name, LIMITS) as opened, pytest.raises(Unusual):
        opened.unpack("0" * 64, tmp_path / "tree", Unwatched())
    assert len(manifest_of(AnyWheel, wheel, tmp_path / "any").outline.roots) == 102


def test_names_that_were_chosen_to_take_long_to_tell_apart_are_left_to_python(tmp_path: Path) -> None:
    # They have one FNV hash.
    alike = [f"good/{name}" for name in ("anwvsjya", "ipoipncc", "mpqxjlvc")]
    usual, any_kind = blobs(Recipe(files=dict.fromkeys(alike[:2], b"x")).write(tmp_path), tmp_path)
    assert usual == any_kind
    wheel = Recipe(files=dict.fromkeys(alike, b"x")).write(tmp_path)
    with pytest.raises(Unusual):
        UsualWheel(wheel, wheel.name, LIMITS)
    assert len(manifest_of(AnyWheel, wheel, tmp_path / "tree").files) == 7


@pytest.mark.parametrize(
    "name",
    [
        *(
            "../x.py",
            "/x.py",
            "good/../x",
            "good//x",
            "good/./x",
            "good/x.",
            "good/x ",
            "good /x",
            "c:x",
            "a\\b",
            "x\ny",
        ),
        *("good/con", "good/NUL.txt", "good/com1", "lpt9.x/y", "conin$", "CONOUT$ .txt", "prn /x", "x\x7f", "é", 'a"b'),
        *("a,b", "GOOD/x.py", "Good/x.py", "good/__INIT__.py", "good/__init__.py/x", f"good/{'x' * 251}"),
        "/".join(["deep"] * 70),
    ],
)
def test_names_that_may_be_wrong_are_left_to_python(tmp_path: Path, name: str) -> None:
    wheel = Recipe(files={name: b"x"}).write(tmp_path)
    with pytest.raises(Unusual):
        manifest_of(UsualWheel, wheel, tmp_path / "tree")


@pytest.mark.parametrize(
    "name", ["good/con1", "good/com", "good/com10", "good/xcon", "good/.con", "a/b/c/d/e/nul2", "-"]
)
def test_names_that_only_look_like_that_are_taken(tmp_path: Path, name: str) -> None:
    usual, any_kind = blobs(Recipe(files={name: b"x"}).write(tmp_path), tmp_path)
    assert usual == any_kind


def changed_record(change: Callable[[bytes], bytes]) -> Recipe:
    """Return a wheel whose RECORD is another one."""

    def made(parts: list[Part]) -> list[Part]:
        return [Part(part.path, change(part.content) if part.path.endswith("/RECORD") else part.content)
                for part in parts]  # fmt: skip

    return Recipe(files={"good/x.py": b"x = 1\n", "good/empty": b""}, change=made)


RECORDS: dict[str, Callable[[bytes], bytes]] = {
    "a row twice": lambda rows: rows + rows.splitlines(keepends=True)[0],
    "a row missing": lambda rows: b"".join(rows.splitlines(keepends=True)[1:]),
    "a row of a stranger": lambda rows: rows + b"good/stranger.py,,\n",
    "a row of a folder": lambda rows: rows + b"good,,\n",
    "no row of RECORD": lambda rows: b"".join(rows.splitlines(keepends=True)[:-1]),
    "no digest": lambda rows: re.sub(rb"x\.py,.*", b"x.py,,", rows),
    "another digest": lambda rows: re.sub(rb"(x\.py,sha256=)....", rb"\1AAAA", rows),
    "a shorter digest": lambda rows: re.sub(rb"(x\.py,sha256=)....", rb"\1", rows),
    "another algorithm": lambda rows: rows.replace(b"sha256", b"sha512"),
    "another size": lambda rows: re.sub(rb"(x\.py,.*,)6", rb"\g<1>7", rows),
    "a zero before the size": lambda rows: re.sub(rb"(x\.py,.*,)6", rb"\g<1>06", rows),
    "a size too long": lambda rows: re.sub(rb"(x\.py,.*,)6", rb"\g<1>18446744073709551622", rows),
    "a sign before the size": lambda rows: re.sub(rb"(x\.py,.*,)6", rb"\g<1>+6", rows),
    "no size": lambda rows: re.sub(rb"(x\.py,.*,)6", rb"\1", rows),
    "four fields": lambda rows: re.sub(rb"(x\.py,.*,6)", rb"\1,", rows),
    "two fields": lambda rows: re.sub(rb"(x\.py,.*),6", rb"\1", rows),
    "no line end": lambda rows: rows.rstrip(b"\n"),
    "an empty line": lambda rows: rows + b"\n",
    "a mark before it": lambda rows: b"\xef\xbb\xbf" + rows,
    "other letters": lambda rows: rows.replace(b"good/x.py", b"good/X.py"),
    "quotes": lambda rows: rows.replace(b"good/x.py", b'"good/x.py"'),
    "nothing": lambda _rows: b"",
    "a digest of RECORD": lambda rows: rows.replace(b"RECORD,,", b"RECORD,sha256=" + b"A" * 43 + b",12"),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_that_may_be_wrong_is_left_to_python(tmp_path: Path, name: str) -> None:
    wheel = changed_record(RECORDS[name]).write(tmp_path)
    with pytest.raises(Unusual):
        manifest_of(UsualWheel, wheel, tmp_path / "tree")


def test_the_record_of_the_table_is_taken_when_it_is_not_changed(tmp_path: Path) -> None:
    usual, any_kind = blobs(changed_record(bytes).write(tmp_path), tmp_path)
    assert usual == any_kind


@pytest.mark.parametrize(
    "limits", [ArchiveLimits(members=3), ArchiveLimits(directory=99), ArchiveLimits(unpacked=100)], ids=repr
)
def test_limits_hold(tmp_path: Path, limits: ArchiveLimits) -> None:
    wheel = GOOD.write(tmp_path)
    with pytest.raises(Unusual):
        UsualWheel(wheel, wheel.name, limits)
    with pytest.raises(BadWheel):
        AnyWheel(wheel, wheel.name, limits)


def test_a_wheel_that_is_replaced_while_it_is_read_brings_nothing_of_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chapbook_core.installer.usual_wheel._MOST_OF_ONE", 1 << 20)
    monkeypatch.setattr(_ROOMS, "room", Room())
    wheel = Recipe(files={"good/large.bin": b"x" * (2 << 20)}).write(tmp_path)
    with UsualWheel(wheel, wheel.name, LIMITS) as opened:
        other = tmp_path / "other"
        other.write_bytes(Recipe(files={"good/large.bin": b"y" * (2 << 20)}).build())
        other.replace(wheel)
        manifest = opened.unpack("0" * 64, tmp_path / "tree", Unwatched())
    assert (tmp_path / "tree" / "good" / "large.bin").read_bytes() == b"x" * (2 << 20)
    assert len(manifest.files) == 5


def test_a_large_file_of_a_wheel_that_is_written_to_meanwhile_is_left_to_python(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("chapbook_core.installer.usual_wheel._MOST_OF_ONE", 1 << 20)
    monkeypatch.setattr(_ROOMS, "room", Room())
    recipe = Recipe(files={"good/large.bin": b"x" * (2 << 20)})
    wheel = recipe.write(tmp_path)
    with UsualWheel(wheel, wheel.name, LIMITS) as opened:
        wheel.write_bytes(pack(recipe.parts_of()[:1]))
        with pytest.raises(Unusual):
            opened.unpack("0" * 64, tmp_path / "tree", Unwatched())


def test_a_wheel_that_is_not_ours_is_not_taken_for_what_it_was_before_and_is_again(tmp_path: Path) -> None:
    files = {f"good/m{number}.py": b"" for number in range(_MOST_FILES)}
    wheel = Recipe(files={"good/__init__.py": b"", **files}).write(tmp_path)
    good = wheel.read_bytes()
    wheel.write_bytes(Recipe(files={"good/__init__.py": b"1", **files}).build())

    class Meddler(Unwatched):
        count = 0

        def checkpoint(self) -> None:
            self.count += 1
            if self.count == 2:
                wheel.write_bytes(good)

    with Store(tmp_path / "store") as store, pytest.raises(BadWheel, match="it was changed while it was read"):
        store.add_hashed(wheel, wheel.name, hashlib.sha256(good).hexdigest(), is_ours=False, watcher=Meddler())


def test_an_archive_of_nothing_is_refused_by_name(tmp_path: Path) -> None:
    wheel = tmp_path / GOOD.filename
    wheel.write_bytes(pack([]))
    with Store(tmp_path / "store") as store, pytest.raises(BadWheel, match="it holds no files"):
        store.add(wheel, wheel.name)


def listed(content: bytes, path: Path) -> tuple[Listing | None, tuple[Member, ...] | None]:
    """Return what each reads of an archive's directory; nothing of what is refused, or unusual."""
    path.write_bytes(content)
    members, listing, helper = None, None, swift()
    assert helper is not None
    try:
        with Archive(path, LIMITS) as archive:
            members = archive.members
    except Refusal:
        pass
    try:
        directory = find_directory(
            content[-CENTRAL_LIMIT:], len(content), lambda start, stop: content[start:stop], LIMITS
        )
    except Refusal:
        pass
    else:
        listing = helper.list(*directory)
    return listing, members


def test_what_is_listed_is_what_python_reads_of_a_directory(tmp_path: Path) -> None:
    chance, taken = random.Random(5), 0
    letters = string.ascii_letters[:6] + string.ascii_letters[26:30] + "./ -"
    for _ in range(1500):
        names = {"".join(chance.choices(letters, k=chance.randint(1, 5))) for _ in range(chance.randint(1, 6))}
        parts = [Part(name, b"" if name.endswith("/") else b"x", mode=0o40755 if name.endswith("/") else 0o100644)
                 for name in chance.sample(sorted(names), len(names))]  # fmt: skip
        listing, members = listed(pack(parts), tmp_path / "a.zip")
        if listing is not None:
            taken += 1
            assert members is not None, [part.path for part in parts]
            assert tuple(map(listing.member, range(listing.count))) == members_without_slashes(members)
            assert listing.names_of_all() == [member.path for member in members]
            assert listing.total == sum(member.size for member in members)
        elif members is not None:
            # Such an archive is no wheel.
            assert not sum(member.size for member in members), [part.path for part in parts]
    assert 200 < taken < 1300


def members_without_slashes(members: tuple[Member, ...]) -> tuple[Member, ...]:
    def plain(member: Member) -> Member:
        is_executable = member.is_executable and not member.is_folder
        return member._replace(raw_path=member.raw_path.removesuffix(b"/"), is_executable=is_executable)

    return tuple(map(plain, members))


def test_directories_with_bytes_changed_are_listed_only_if_python_takes_them(tmp_path: Path) -> None:
    chance, taken = random.Random(13), 0
    good = Recipe(files={"good/a.py": b"a = 1\n" * 99, "good/b.bin": b"\0"}, change=with_folders).build()
    start = good.index(b"PK\x01\x02")
    for _ in range(1500):
        at = chance.randrange(start, len(good))
        spoilt = (
            good[:at] + bytes([good[at] ^ 1 << chance.randrange(8)]) + good[at + 1 :]
            if chance.random() < 0.7
            else mutated(good, good, chance)
        )
        listing, members = listed(spoilt, tmp_path / "a.zip")
        if listing is not None and members is not None:
            taken += 1
            assert tuple(map(listing.member, range(listing.count))) == members_without_slashes(members)
        elif listing is not None:
            # What Python has looked at besides: the headers of folders, which unpacking looks at here.
            with pytest.raises((Unusual, ChapbookError)):
                manifest_of(UsualWheel, tmp_path / "a.zip", tmp_path / "tree")
    assert taken > 50

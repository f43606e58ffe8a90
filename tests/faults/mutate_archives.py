"""Archives with bytes changed, cut, or taken from another: `python -m tests.faults.mutate_archives --count 20000`.

Each must be refused with one clear sentence, leaving nothing, or come to be exactly the files that `zipfile` or
`tarfile` reads of it: whatever two readers understand differently has to be refused.
"""

from __future__ import annotations

import argparse
import base64
import gzip
import hashlib
import io
import random
import shutil
import sys
import tarfile
import tempfile
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.unpacking import unpack
from chapbook_core.errors import ChapbookError
from chapbook_core.installer.store import WHEELS, Store
from tests.fakes.index.sdist import pack as pack_tar
from tests.fakes.wheels import GOOD, corpus
from tests.faults.verdict import counted, verdict

if TYPE_CHECKING:
    from collections.abc import Callable

Files = dict[str, str]
_SIGNATURES = (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08")
_WORDS = (b"\0", b"\xff", b"\0\0\0\0", b"\xff\xff\xff\xff", b"../", b"/", b"\\", *_SIGNATURES)
_SHOWN = 600


@dataclass
class Tally:
    """What came of the mutated archives."""

    refused: int = 0
    taken: int = 0
    wrong: list[str] = field(default_factory=list)
    sentences: Counter[str] = field(default_factory=Counter)
    """What was said, by its first words."""


def mutated(content: bytes, other: bytes, chance: random.Random) -> bytes:
    """Spoil the bytes of an archive in one of many ways."""
    spoilt = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 2, 5))):
        at = chance.randrange(len(spoilt) or 1)
        match chance.randrange(8):
            case 0:
                spoilt[at : at + 1] = bytes([chance.randrange(256)])
            case 1 if spoilt:
                spoilt[at] ^= 1 << chance.randrange(8)
            case 2:
                del spoilt[at:]
            case 3:
                word = chance.choice(_WORDS)
                spoilt[at : at + len(word)] = word
            case 4:
                end = at + chance.randrange(64)
                spoilt[at:at] = spoilt[at:end]
            case 5:
                del spoilt[at : at + chance.randrange(1, 64)]
            case 6:
                begin, length = chance.randrange(len(other)), chance.randrange(1, 200)
                spoilt[at : at + length] = other[begin : begin + length]
            case _:
                _spoil_header(spoilt, chance)
    return bytes(spoilt)


def _spoil_header(spoilt: bytearray, chance: random.Random) -> None:
    """Change a byte in one of the headers of a ZIP archive, where readers come to differ."""
    signature = chance.choice(_SIGNATURES[:3])
    places = [at for at in range(len(spoilt)) if spoilt.startswith(signature, at)]
    if places:
        at = chance.choice(places) + chance.randrange(4, 46)
        if at < len(spoilt):
            spoilt[at] = chance.randrange(256)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def wheel_files(content: bytes) -> Files:
    """Return what `zipfile` reads."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: _digest(archive.read(name)) for name in archive.namelist() if not name.endswith("/")}


def sdist_files(content: bytes) -> Files:
    """Return what `tarfile` reads; a link stands for what it leads to."""
    found: Files = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as archive:
        for member in archive.getmembers():
            if not member.isdir() and (stream := archive.extractfile(member)) is not None:
                found[member.name.removeprefix("./").rstrip("/")] = _digest(stream.read())
    return found


def _stored(file: Path, folder: Path) -> Files:
    """Put a wheel into a store of its own, and return what is there; nothing may be when it is refused."""
    try:
        with Store(folder) as store:
            stored = store.add(file, file.name)
            store.verify(stored, is_thorough=True)
            tree = stored.tree
            said = {one.path: one.sha256 for one in stored.manifest.files}
            found = {path.relative_to(tree).as_posix(): path.read_bytes() for path in tree.rglob("*") if path.is_file()}
    except ChapbookError:
        left = [*folder.glob(f"{WHEELS}/*/*"), *folder.glob("workshops/*")]
        if left:
            raise AssertionError(f"left after a refusal: {left}") from None
        raise
    for path, body in found.items():
        encoded = base64.urlsafe_b64encode(hashlib.sha256(body).digest()).decode().rstrip("=")
        if said[path] != encoded:
            raise AssertionError(f"{path} is not what the manifest says")
    return {path: _digest(body) for path, body in found.items()}


def _unpacked(file: Path, folder: Path) -> Files:
    """Unpack a source archive, and return what is there."""
    top = unpack(file, file.name, folder)
    links = [path for path in folder.rglob("*") if path.is_symlink()]
    if links or not top.is_relative_to(folder):
        raise AssertionError(f"links: {links}")
    return {
        path.relative_to(folder).as_posix(): _digest(path.read_bytes()) for path in folder.rglob("*") if path.is_file()
    }


def run_mutations(count: int, seed: int = 1) -> Tally:
    """Spoil so many archives, wheels and source archives in turn."""
    chance, tally = random.Random(seed), Tally()  # the same ones each time
    with tempfile.TemporaryDirectory(prefix="mutate-archives-") as text:
        place = Path(text)
        canary = place / "outside" / "CANARY"
        canary.parent.mkdir()
        canary.write_text("as it was\n")
        wheels = [GOOD.build(), *(case.recipe.build() for case in corpus(canary) if len(case.recipe.build()) < 9000)]
        tars = _tars()
        for number in range(count):
            kind = number % 3
            if kind < 2:
                name, seeds = GOOD.filename, wheels
                read, take = wheel_files, _stored
            else:
                name, seeds = "good-1.0.tar.gz", tars
                read, take = sdist_files, _unpacked
            content = mutated(chance.choice(seeds[: 1 + number % len(seeds)]), chance.choice(seeds), chance)
            if kind == 2 and chance.random() < 0.8:
                content = gzip.compress(content, 1)
            _try(place, name, content, (read, take), tally)
            if sorted(path.name for path in place.iterdir()) != ["outside"] or canary.read_text() != "as it was\n":
                tally.wrong.append(f"archive {number}: something was written outside")
                break
    return tally


def _tars() -> list[bytes]:
    """Return archives that are not compressed yet, of each format."""
    members = {
        "good-1.0/pyproject.toml": b"[project]\n",
        "good-1.0/good.py": b"x = 1\n" * 50,
        "good-1.0/PKG-INFO": b"x",
    }
    found = [gzip.decompress(pack_tar(members))]
    for form in (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
            for name, content in members.items():
                member = tarfile.TarInfo(name)
                member.size = len(content)
                archive.addfile(member, io.BytesIO(content))
            link = tarfile.TarInfo("good-1.0/link")
            link.type, link.linkname = tarfile.SYMTYPE, "good.py"
            archive.addfile(link)
        found.append(buffer.getvalue())
    return found


def _try(
    place: Path,
    name: str,
    content: bytes,
    ways: tuple[Callable[[bytes], Files], Callable[[Path, Path], Files]],
    tally: Tally,
) -> None:
    read, take = ways
    inner = place / "try"
    inner.mkdir()
    file = inner / name
    file.write_bytes(content)
    try:
        found = take(file, inner / "out")
    except ChapbookError as problem:
        tally.refused += 1
        tally.sentences[" ".join(problem.message.removeprefix(name).split()[:4])] += 1
        if not problem.message.startswith(name) or "\n" in problem.message or len(problem.message) > _SHOWN:
            tally.wrong.append(f"{name} {_digest(content)[:8]}: an unclear sentence: {problem.message[:_SHOWN]}")
    except BaseException as problem:  # noqa: BLE001  any is a finding
        tally.wrong.append(f"{name} {_digest(content)[:8]}: {type(problem).__name__}: {problem}")
    else:
        tally.taken += 1
        try:
            expected = read(content)
        except Exception as problem:  # noqa: BLE001  what the reader thinks of it is the finding
            tally.wrong.append(f"{name} {_digest(content)[:8]}: taken, and others say {problem!r}")
        else:
            if found != expected:
                tally.wrong.append(
                    f"{name} {_digest(content)[:8]}: others read {sorted(expected.items() ^ found.items())}"
                )
    finally:
        for path in inner.rglob("*"):
            if path.is_dir() and not path.is_symlink():
                path.chmod(0o700)
        shutil.rmtree(inner)


def main() -> None:
    """Run as a program."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    words = parser.parse_args()
    tally = run_mutations(words.count, words.seed)
    told = f"{words.count} archives: {tally.refused} refused, {tally.taken} taken; wrong: {len(tally.wrong)}"
    sys.exit(verdict(told, *counted(tally.sentences.most_common(40)), wrong=tally.wrong, most=40))


if __name__ == "__main__":
    main()

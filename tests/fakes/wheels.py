"""Wheels that no installer should take, and one that each should: a corpus with the verdict that is due to each."""

from __future__ import annotations

import base64
import hashlib
import stat
import struct
import sys
import zlib
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_FILE = stat.S_IFREG | 0o644
_MOMENT = (40 << 9 | 2 << 5 | 2) << 16
"""The second of February 2020, as ZIP counts."""


@dataclass(frozen=True)
class Part:
    """A file in an archive, and the lies that are told of it."""

    path: str
    content: bytes = b""
    local_path: str | None = None
    """What its own header calls it."""
    mode: int = _FILE
    is_listed: bool = True
    """Whether the directory has it."""
    is_deflated: bool = False
    flags: int = 0x800
    size: int | None = None
    """What the headers say of its size."""
    checksum: int | None = None


def pack(parts: list[Part], *, before: bytes = b"", after: bytes = b"", comment: bytes = b"") -> bytes:
    """Write a ZIP archive by hand."""
    body, directory, count = bytearray(before), bytearray(), 0
    for part in parts:
        packed = _deflated(part.content) if part.is_deflated else part.content
        size = len(part.content) if part.size is None else part.size
        checksum = zlib.crc32(part.content) if part.checksum is None else part.checksum
        method = 8 if part.is_deflated else 0
        name = part.path.encode()
        local = (part.path if part.local_path is None else part.local_path).encode()
        shared = (part.flags, method, _MOMENT & 0xFFFF, _MOMENT >> 16, checksum, len(packed), size)
        if part.is_listed:
            count += 1
            directory += struct.pack("<4sHH", b"PK\x01\x02", 0x314, 20)
            directory += struct.pack("<HHHHIII", *shared)
            directory += struct.pack("<HHHHHII", len(name), 0, 0, 0, 0, part.mode << 16, len(body)) + name
        body += struct.pack("<4sH", b"PK\x03\x04", 20) + struct.pack("<HHHHIII", *shared)
        body += struct.pack("<HH", len(local), 0) + local + packed
    end = struct.pack("<4sHHHHIIH", b"PK\x05\x06", 0, 0, count, count, len(directory), len(body), len(comment))
    return bytes(body + directory + end + comment + after)


def _deflated(content: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(content) + packer.flush()


def row(path: str, content: bytes, algorithm: str = "sha256") -> str:
    """Write the row of a RECORD."""
    digest = base64.urlsafe_b64encode(hashlib.new(algorithm, content).digest()).decode().rstrip("=")
    return f"{path},{algorithm}={digest},{len(content)}\n"


@dataclass(frozen=True)
class Recipe:
    """A wheel that can be made: right as it stands, wrong by what is replaced."""

    name: str = "good"
    version: str = "1.0"
    files: Mapping[str, bytes] = field(default_factory=dict)
    """Beside the module; they are in RECORD."""
    parts: tuple[Part, ...] = ()
    """Further parts, which are not."""
    rows: str = ""
    """Further rows of RECORD."""
    has_record: bool = True
    record_algorithm: str = "sha256"
    metadata_name: str | None = None
    metadata_version: str | None = None
    entry_points: str = ""
    is_pure: bool = True
    tag: str = "py3-none-any"
    change: Callable[[list[Part]], list[Part]] = list
    before: bytes = b""
    after: bytes = b""
    comment: bytes = b""

    @property
    def filename(self) -> str:
        return f"{self.name}-{self.version}-{self.tag}.whl"

    @property
    def info(self) -> str:
        return f"{self.name}-{self.version}.dist-info"

    def parts_of(self) -> list[Part]:
        module = f'"""A module."""\nVERSION = "{self.version}"\n\n\ndef main():\n    print("{self.name} runs")\n'
        name = self.metadata_name or self.name
        version = self.metadata_version or self.version
        pure = "true" if self.is_pure else "false"
        members = {
            f"{self.name}/__init__.py": module.encode(),
            **self.files,
            f"{self.info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
            f"{self.info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: {pure}\nTag: {self.tag}\n".encode(),
        }
        if self.entry_points:
            members[f"{self.info}/entry_points.txt"] = self.entry_points.encode()
        record = "".join(row(path, content, self.record_algorithm) for path, content in members.items())
        parts = [Part(path, content) for path, content in members.items()]
        parts.extend(self.parts)
        if self.has_record:
            parts.append(Part(f"{self.info}/RECORD", f"{record}{self.rows}{self.info}/RECORD,,\n".encode()))
        return self.change(parts)

    def build(self) -> bytes:
        return pack(self.parts_of(), before=self.before, after=self.after, comment=self.comment)

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / self.filename
        path.write_bytes(self.build())
        return path


@dataclass(frozen=True)
class Case:
    """A wheel of the corpus."""

    item: str
    what: str
    recipe: Recipe
    expected: str
    """A part of the sentence that refuses it; empty when it is to be installed."""


GOOD = Recipe(
    files={"good/data.bin": bytes(range(256)), "good/sub/inner.py": b"VALUE = 1\n", "good/notes.txt": b"Some notes.\n"},
    entry_points="[console_scripts]\ngood = good:main\n\n[gui_scripts]\ngood-window = good:main\n",
)
_SCRIPT = "[console_scripts]\n{} = good:main\n"
_EVIL = b"evil = True\n"
_LONGER = Part("good/more", bytes(5000), is_deflated=True, size=100)
_LONGER_ROW = row("good/more", bytes(5000)).replace(",5000", ",100")


def _script(name: str) -> Recipe:
    return Recipe(entry_points=_SCRIPT.format(name))


def _with_local_name(parts: list[Part]) -> list[Part]:
    return [replace(parts[0], local_path="goof/__init__.py"), *parts[1:]]


def _twice(parts: list[Part]) -> list[Part]:
    return [parts[0], replace(parts[0], content=_EVIL), *parts[1:]]


def _without_listing(parts: list[Part]) -> list[Part]:
    return [parts[0], Part("good/hidden.py", _EVIL, is_listed=False), *parts[1:]]


def _with_other_content(parts: list[Part]) -> list[Part]:
    return [replace(parts[0], content=parts[0].content.replace(b"runs", b"evil")), *parts[1:]]


def _two_infos(parts: list[Part]) -> list[Part]:
    other = "other-1.0.dist-info/METADATA"
    record = parts[-1]
    rows = record.content + row(other, b"Name: other\n").encode()
    return [*parts[:-1], Part(other, b"Name: other\n"), replace(record, content=rows)]


def corpus(canary: Path) -> tuple[Case, ...]:
    """Make the corpus; the hostile ones aim at a file that must stay as it is."""
    up = "../" * 12 + str(canary).lstrip("/")
    link = replace(Part("good/link", str(canary.parent).encode()), mode=stat.S_IFLNK | 0o777)
    data = "good-1.0.data"
    library = f"lib/python{sys.version_info[0]}.{sys.version_info[1]}/site-packages"
    folder = replace(Part("good/folder/"), mode=stat.S_IFDIR | 0o755)
    plain = Recipe()
    return (
        Case("W01", "ordinary wheel with scripts", GOOD, ""),
        Case("W02", "member ../ out of site-packages", replace(plain, files={up: _EVIL}), "unsafe path"),
        Case("W03", "absolute member", replace(plain, files={str(canary): _EVIL}), "unsafe path"),
        Case("W04", "backslash traversal", replace(plain, files={"..\\..\\evil.py": _EVIL}), "unsafe path"),
        Case("W05", "one name twice, two contents", replace(plain, change=_twice), "duplicate entry"),
        Case("W06", "header and directory give two names", replace(plain, change=_with_local_name), "inconsistent ZIP"),
        Case("W07", "file that the directory lacks", replace(plain, change=_without_listing), "inconsistent ZIP"),
        Case("W08", "two archives in one file", replace(plain, before=Recipe("first").build()), "before"),
        Case("W09", "no RECORD", replace(plain, has_record=False), "no RECORD"),
        Case("W10", "RECORD row ../CANARY", replace(plain, rows=f"{up},,\n"), "RECORD lists a file"),
        Case("W11", "RECORD row with an absolute path", replace(plain, rows=f"{canary},,\n"), "RECORD lists a file"),
        Case("W12", "file differs from RECORD", replace(plain, change=_with_other_content), "differs from RECORD"),
        Case("W13", "file not in RECORD", replace(plain, parts=(Part("good/more.py", _EVIL),)), "does not list"),
        Case(
            "W14", "RECORD claims another's file", replace(plain, rows="victim/__init__.py,,\n"), "RECORD lists a file"
        ),
        Case("W15", "script ../../../x", _script("../../../x"), "invalid script"),
        Case("W16", "script with an absolute name", _script(str(canary)), "invalid script"),
        Case("W17", "script named python", _script("python"), "interpreter"),
        Case(
            "W18",
            "entry point that is code",
            replace(plain, entry_points="[console_scripts]\nx = good:main(); import os; os.remove('x')\n"),
            "malformed entry point",
        ),
        Case("W19", "link, and a file through it", replace(plain, parts=(link, Part("good/link/x", _EVIL))), "link"),
        Case("W20", ".data/scripts with ../", replace(plain, files={f"{data}/scripts/../../x": _EVIL}), "unsafe path"),
        Case(
            "W21",
            ".data/data over pyvenv.cfg and the interpreter",
            replace(plain, files={f"{data}/data/pyvenv.cfg": _EVIL, f"{data}/data/bin/python": _EVIL}),
            "environment itself",
        ),
        Case("W22", ".pth that runs code", replace(plain, files={"good.pth": b"import good\n"}), ""),
        Case("W22b", "sitecustomize.py", replace(plain, files={"sitecustomize.py": b"import good\n"}), ""),
        Case("W23", "METADATA of another project", replace(plain, metadata_name="other"), "names differ"),
        Case("W24", "METADATA has another version", replace(plain, metadata_version="9.9"), "versions differ"),
        Case("W25", "two dist-info folders", replace(plain, change=_two_infos), "several dist-info"),
        Case("X01", "bytes after the archive", replace(plain, after=b"more"), "after the archive"),
        Case("X02", "bytes before the archive", replace(plain, before=b"more"), "before"),
        Case("X03", "encrypted file", replace(plain, parts=(Part("good/x", _EVIL, flags=0x801),)), "encrypted"),
        Case("X04", "zip bomb", replace(plain, parts=(_bomb(),)), "times its own size"),
        Case("X05", "file longer than told", replace(plain, parts=(_LONGER,), rows=_LONGER_ROW), "longer than"),
        Case("X06", "md5 in RECORD", replace(plain, record_algorithm="md5"), "proves nothing"),
        Case(
            "X07", "names that differ by case", replace(plain, files={"good/A.py": b"", "good/a.py": b"1"}), "two names"
        ),
        Case(
            "X08",
            "names that differ in accents",
            replace(plain, files={"good/\u00e9": b"", "good/e\u0301": b""}),
            "two names",
        ),
        Case("X09", "reserved name", replace(plain, files={"good/aux.py": b""}), "Windows reserves"),
        Case("X10", "NUL in a name", replace(plain, files={"good/a\0.py": b""}), "control character"),
        Case("X11", "trailing dot", replace(plain, files={"good/x.": b""}), "dot or space"),
        Case(
            "X12", "file that is a folder, too", replace(plain, files={"good/x": b"", "good/x/y": b""}), "both a file"
        ),
        Case("X13", ".data/scripts/python3", replace(plain, files={f"{data}/scripts/python3": _EVIL}), "interpreter"),
        Case("X14", "unknown scheme", replace(plain, files={f"{data}/stuff/x": _EVIL}), "no known scheme"),
        Case(
            "X15",
            "script and RECORD in one place",
            replace(plain, files={f"{data}/purelib/good-1.0.dist-info/RECORD": _EVIL}),
            "duplicate entry",
        ),
        Case(
            "X16",
            "wrong checksum",
            replace(plain, change=lambda parts: [replace(parts[0], checksum=1), *parts[1:]]),
            "damaged",
        ),
        Case(
            "X17",
            "folder whose header has another name",
            replace(plain, parts=(replace(folder, local_path="evil.py"),)),
            "two names for one file",
        ),
        Case(
            "X18",
            "folder with something in it",
            replace(plain, parts=(replace(folder, content=_EVIL, is_deflated=True, size=0, checksum=0),)),
            "damaged",
        ),
        *(
            Case(
                f"X19-{scheme.replace('/', '-')}",
                "second dist-info folder through another scheme",
                replace(plain, files={f"{data}/{scheme}/other-9.0.Dist-Info/METADATA": b"Name: other\n"}),
                "several dist-info",
            )
            for scheme in ("purelib", "platlib", f"data/{library}", f"data/{library.upper()}")
        ),
    )


def _bomb() -> Part:
    return Part("good/bomb", bytes(80_000_000), is_deflated=True)


def numpy_like(files: int = 1100, size: int = 12_000) -> Recipe:
    """A wheel with as many files as a large one: modules, data and libraries."""
    content = b"def function(value):\n    return value + 1\n" * (size // 42)
    modules = {
        f"good/part{index % 40}/module{index}.py": content + str(index).encode() for index in range(files * 3 // 4)
    }
    library = hashlib.shake_256(b"library").digest(size * 4)
    binaries = {f"good/part{index % 40}/_native{index}.so": b"\x7fELF\0" + library for index in range(files // 4)}
    return Recipe(files={**modules, **binaries}, is_pure=False)

"""The names of files in a wheel: refused, never cleaned, unless they mean the same file on every system."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from collections.abc import Sequence

_LONGEST_PART = 255
_LONGEST_PATH = 4096
_MOST_PARTS = 128
"""As many as a path can have that is no longer than a part may be; what removes folders goes in a thousand deep."""
_DRIVE = late_pattern(r"[A-Za-z]:")
_STRANGE = late_pattern("[\0-\x1f\x7f-\x9f:\\\\]")
_RESERVED = late_pattern(
    r"(?:con|prn|aux|nul|conin\$|conout\$|com[0-9\u00b9\u00b2\u00b3]|lpt[0-9\u00b9\u00b2\u00b3]) *(?:\..*)?",
    re.IGNORECASE,
)
# What nearly every name in a wheel is made of, and what may be wrong with such names once they are in small letters.
_USUAL = late_pattern(r"[\w.+@=~/\n-]*", re.ASCII)
_DOUBTFUL = late_pattern(r"[/\n](?:[/\n]|(?:con|prn|aux|nul|com[0-9]|lpt[0-9])[./\n])|\.[/\n]")


def check_paths(paths: Sequence[str]) -> None:
    """Raise Refusal unless `check_path` accepts every one."""
    # All at once where nothing is unusual: there are thousands.
    text = "\n".join(["", *paths, ""])
    is_usual = (
        text.count("\n") == len(paths) + 1
        # Before it is in small letters: that of the sign of the kelvin is a `k`.
        and _USUAL.fullmatch(text)
        and not _DOUBTFUL.search(text.lower())
        and max(map(len, paths)) <= _LONGEST_PART
    )
    if not is_usual:
        for path in paths:
            check_path(path)


def check_path(path: str) -> None:
    """Raise Refusal unless the path, with `/` between its parts, leads to one place below wherever it starts."""
    if not path:
        raise Refusal("unsafe path: a file without a name")
    if "\\" in path:
        raise Refusal("unsafe path: a backslash in a name", path)
    if path.startswith("/") or _DRIVE.match(path):
        raise Refusal("unsafe path: an absolute name", path)
    if len(path.encode("utf-8", "surrogatepass")) > _LONGEST_PATH:
        raise Refusal(f"unsafe path: longer than {_LONGEST_PATH} bytes", path)
    parts = path.split("/")
    for part in parts:
        _check_part(part, path)
    if len(parts) > _MOST_PARTS:
        raise Refusal(f"unsafe path: more than {_MOST_PARTS} folders deep", path)


def _check_part(part: str, path: str) -> None:
    if part == "..":
        raise Refusal("unsafe path: it leads out of the folder", path)
    if part in {"", "."}:
        raise Refusal("unsafe path: an empty part in a name", path)
    if _STRANGE.search(part):
        raise Refusal("unsafe path: a colon or control character in a name", path)
    if part[-1] in ". ":
        raise Refusal("unsafe path: a dot or space at the end of a name", path)
    if _RESERVED.fullmatch(part):
        raise Refusal("unsafe path: a name that Windows reserves", path)
    try:
        length = len(part.encode())
    except UnicodeEncodeError:
        raise Refusal("unsafe path: a name that is not text", path) from None
    if length > _LONGEST_PART:
        raise Refusal(f"unsafe path: a name longer than {_LONGEST_PART} bytes", path)


def check_twins(files: Sequence[str], folders: Sequence[str]) -> None:
    """Raise Refusal when some file system takes two of them for one, or one for a file and a folder."""
    keys = {path.lower() for path in files}
    above: set[str] = set()
    more = {path.rpartition("/")[0] for path in files}.union(folders)
    while more:
        above |= more
        more = {path.rpartition("/")[0] for path in more} - above
    folder_keys = {path.lower() for path in above}
    is_usual = (
        len(keys) == len(files)
        and len(folder_keys) == len(above)
        and len(set(folders)) == len(folders)
        and keys.isdisjoint(folder_keys)
        and all(map(str.isascii, keys))
        and all(map(str.isascii, folder_keys))
    )
    if is_usual:
        return
    twins = Twins()
    for path in files:
        twins.add_file(path)
    for path in folders:
        twins.add_folder(path)
    if len(set(folders)) != len(folders):
        raise Refusal("duplicate entry", next(path for path in folders if folders.count(path) > 1))


class Twins:
    """Finds names that some file system takes for one: different only in case or in how accents are written."""

    __slots__ = ("_files", "_folders", "_seen")

    def __init__(self) -> None:
        self._files: dict[str, str] = {}
        self._folders: dict[str, str] = {}
        self._seen: set[str] = set()

    def add_file(self, path: str) -> None:
        """Take note of a file; raises Refusal when it is the twin of another, or lies in one."""
        key = folded(path)
        if (other := self._files.get(key)) is not None:
            raise Refusal(
                "duplicate entry" if other == path else f"two names for one file, `{other}` and another", path
            )
        if key in self._folders:
            raise Refusal("a name of both a file and a folder", path)
        self._files[key] = path
        self.add_folder(path.rpartition("/")[0])

    def add_folder(self, path: str) -> None:
        """Take note of a folder and those above it; raises Refusal when it is the twin of another."""
        while path and path not in self._seen:
            key = folded(path)
            other = self._folders.setdefault(key, path)
            if other != path:
                raise Refusal(f"two names for one folder, `{other}` and another", path)
            if key in self._files:
                raise Refusal("a name of both a file and a folder", path)
            self._seen.add(path)
            path = path.rpartition("/")[0]


def folded(path: str) -> str:
    """Return the form in which the most forgiving file system compares names."""
    return (
        path.lower() if path.isascii() else unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())
    )

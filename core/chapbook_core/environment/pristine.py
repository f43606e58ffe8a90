"""Pristine: an environment as virtualenv made it, kept so that others are written from it in a millisecond.

What differs between two environments of one interpreter is their path and their prompt, in text files. The kept one was
made in a folder with spaces in its name, and with spaces in its prompt, so that the scripts of every shell hold both in
quotes; any other path and prompt that means the same inside the quotes of every shell can stand there instead. For the
rest, those with quotes or dollar signs in them, virtualenv is asked each time.
"""

from __future__ import annotations

import json
import os
import shutil
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Mapping

MADE_IN = "as virtualenv made it"
PROMPT = "the prompt of the pristine environment"
TEMPLATE = "template.json"
FORMAT = 1
"""Its number changes with what is written of an environment."""
_LARGEST_TEXT = 200_000
_SEPARATORS = r"\\/" if os.name == "nt" else "/"
# Letters of any language, digits and what no shell takes for anything else within quotes.
_PLAIN = late_pattern(rf"[\w .,:+@()\[\]~={_SEPARATORS}-]+")
_NOT_PLAIN = late_pattern(r"=~|[\x00-\x1f\x7f\u2028\u2029]")
_PYTHON_SYNTAX = (".py", ".xsh")


@frozen
class Pristine:
    """What the environment consists of; all names are relative to it."""

    folder: Path
    """Holds the environment and this description."""
    origin: str
    """The path that its scripts name."""
    folders: tuple[str, ...]
    links: Mapping[str, str]
    texts: Mapping[str, tuple[str, int]]
    """The content and the mode of each file that is a text."""
    copies: Mapping[str, tuple[int, int]]
    """The size and the mode of each other file."""

    def write(self, target: Path, *, path: Path, prompt: str) -> None:
        """Write an environment into a folder that is not there yet, to be moved to `path` afterwards.

        Raises OSError; ValueError when the kept one was damaged, or names itself in an unforeseen way.
        """
        target.mkdir()
        for folder in self.folders:
            (target / folder).mkdir()
        for name, link in self.links.items():
            (target / name).symlink_to(link.replace(self.origin, str(path)))
        for name, (text, mode) in self.texts.items():
            content = self._repathed(name, text, str(path), prompt).encode()
            descriptor = os.open(target / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
        for name, (size, mode) in self.copies.items():
            try:
                shutil.copyfile(self.folder / MADE_IN / name, target / name)
            except FileNotFoundError:
                raise ValueError(f"`{name}` of the kept environment is gone") from None
            (target / name).chmod(mode)
            if (target / name).stat().st_size != size:
                raise ValueError(f"`{name}` of the kept environment was changed")

    def _repathed(self, name: str, text: str, path: str, prompt: str) -> str:
        written = _in_python if name.endswith(_PYTHON_SYNTAX) else str
        text = text.replace(written(self.origin), written(path)).replace(PROMPT, written(prompt))
        if MADE_IN in text:
            raise ValueError(f"`{name}` names the environment in an unforeseen way")
        return text


def is_plain(text: str) -> bool:
    """Tell whether a text means itself within the quotes of every shell."""
    return _PLAIN.fullmatch(text) is not None and _NOT_PLAIN.search(text) is None


def read_pristine(folder: Path) -> Pristine | None:
    """Return what is kept in a folder; None when it cannot be read."""
    try:
        data = json.loads((folder / TEMPLATE).read_bytes())
        if data["format"] != FORMAT:
            return None
        return Pristine(
            folder,
            data["origin"],
            tuple(data["folders"]),
            data["links"],
            {name: (text, mode) for name, (text, mode) in data["texts"].items()},
            {name: (size, mode) for name, (size, mode) in data["copies"].items()},
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def keeps_any(cache: Path) -> bool:
    """Tell whether a pristine environment of whatever interpreter is kept in a folder."""
    return any(cache.glob(f"*/{TEMPLATE}"))


def describe_pristine(folder: Path) -> Pristine:
    """Look at the environment that was just made in a folder, and write its description beside it."""
    origin = folder / MADE_IN
    folders: list[str] = []
    links: dict[str, str] = {}
    texts: dict[str, tuple[str, int]] = {}
    copies: dict[str, tuple[int, int]] = {}
    for parent, names, files in os.walk(origin):
        for name in sorted((*names, *files)):
            path = Path(parent, name)
            relative = str(path.relative_to(origin))
            if path.is_symlink():
                links[relative] = str(path.readlink())
            elif path.is_dir():
                folders.append(relative)
            else:
                status = path.stat()
                mode = stat.S_IMODE(status.st_mode)
                text = _text(path, status.st_size)
                if text is None:
                    copies[relative] = (status.st_size, mode)
                else:
                    texts[relative] = (text, mode)
    pristine = Pristine(folder, str(origin), tuple(folders), links, texts, copies)
    data = {
        "format": FORMAT,
        "origin": pristine.origin,
        "folders": folders,
        "links": links,
        "texts": texts,
        "copies": copies,
    }
    (folder / TEMPLATE).write_bytes(json.dumps(data).encode())
    return pristine


def _text(path: Path, size: int) -> str | None:
    if size > _LARGEST_TEXT:
        return None
    try:
        return path.read_bytes().decode()
    except UnicodeDecodeError:
        return None


def _in_python(text: str) -> str:
    return ascii(text)[1:-1]

"""The key of an environment's condition: equal keys mean that nothing has to be put in or taken out.

It is made from the bytes of a few files and the names in the folder for packages; nothing is parsed, and no package is
read.
"""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

from chapbook_core.project.small_file import read_small

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

_VERSION = "2"
_CHANGING = "__pycache__"


def condition_key(
    files: Iterable[Path],
    words: Iterable[str],
    libraries: Iterable[Path],
    digest_of: Callable[[Path], bytes] | None = None,
) -> str:
    """Return the key for files of the project and the environment, words of the command, and folders of packages.

    `digest_of` is for who has read some of the files. Raises OSError when one of them cannot be read.
    """
    digest = hashlib.sha256()
    for part in _parts(files, words, libraries, digest_of or file_digest):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def file_digest(file: Path) -> bytes:
    """Return what stands for the bytes of a file in a key; raises OSError."""
    return content_digest(read_small(file))


def content_digest(content: bytes) -> bytes:
    """Return what stands for bytes in a key."""
    return hashlib.sha256(content).digest()


def _parts(
    files: Iterable[Path], words: Iterable[str], libraries: Iterable[Path], digest_of: Callable[[Path], bytes]
) -> Iterable[bytes]:
    yield _VERSION.encode()
    for word in words:
        yield word.encode()
    for file in files:
        yield os.fsencode(file)
        yield digest_of(file)
    for library in libraries:
        names = sorted(name for name in os.listdir(library) if name != _CHANGING)  # noqa: PTH208  names, not paths
        yield os.fsencode("\0".join(names))

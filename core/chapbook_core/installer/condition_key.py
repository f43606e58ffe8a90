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

_VERSION = "1"
_CHANGING = "__pycache__"


def condition_key(
    files: Iterable[Path],
    words: Iterable[str],
    libraries: Iterable[Path],
    read: Callable[[Path], bytes] = read_small,
) -> str:
    """Return the key for files of the project and the environment, words of the command, and folders of packages.

    `read` is for who has read some of the files. Raises OSError when one of them cannot be read.
    """
    digest = hashlib.sha256()
    for part in _parts(files, words, libraries, read):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def _parts(
    files: Iterable[Path], words: Iterable[str], libraries: Iterable[Path], read: Callable[[Path], bytes]
) -> Iterable[bytes]:
    yield _VERSION.encode()
    for word in words:
        yield word.encode()
    for file in files:
        yield os.fsencode(file)
        yield read(file)
    for library in libraries:
        names = sorted(name for name in os.listdir(library) if name != _CHANGING)  # noqa: PTH208  names, not paths
        yield os.fsencode("\0".join(names))

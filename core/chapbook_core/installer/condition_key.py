"""The key of an environment's condition: equal keys mean that nothing has to be put in or taken out.

It is made from the bytes of a few files and the names in the folder for packages; nothing is parsed, and no package is
read.
"""

from __future__ import annotations

import os
from collections import deque
from typing import TYPE_CHECKING

from chapbook_core.digest import sha256
from chapbook_core.project.small_file import read_small

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

_VERSION = "2"
_CHANGING = "__pycache__"
_LARGE = 16_384
"""Bytes, of which a comparison takes a tenth of the time that a digest does."""
_digests: deque[tuple[bytes, bytes]] = deque(maxlen=4)
"""The last large contents with their digests: within a command, and from one to the next, they mostly are the same."""


def condition_key(
    files: Iterable[str],
    words: Iterable[str],
    library: Iterable[str],
    digest_of: Callable[[str], bytes] | None = None,
) -> str:
    """Return the key for files of the project and the environment, words of the command, and a folder of packages.

    `library` are the names in that folder, `digest_of` is for who has read some of the files. Raises OSError when one
    of them cannot be read.
    """
    digest = sha256()
    for part in _parts(files, words, library, digest_of or file_digest):
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.hexdigest()


def file_digest(file: str) -> bytes:
    """Return what stands for the bytes of a file in a key; raises OSError."""
    return content_digest(read_small(file))


def content_digest(content: bytes) -> bytes:
    """Return what stands for bytes in a key."""
    if len(content) < _LARGE:
        return sha256(content).digest()
    for known, digest in tuple(_digests):
        if known == content:
            return digest
    digest = sha256(content).digest()
    _digests.append((content, digest))
    return digest


def _parts(
    files: Iterable[str], words: Iterable[str], library: Iterable[str], digest_of: Callable[[str], bytes]
) -> Iterable[bytes]:
    yield _VERSION.encode()
    for word in words:
        yield word.encode()
    for file in files:
        yield os.fsencode(file)
        yield digest_of(file)
    names = sorted(library)
    if _CHANGING in names:
        names.remove(_CHANGING)
    yield os.fsencode("\0".join(names))

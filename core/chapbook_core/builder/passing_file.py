"""A file that gets its name only when it is whole."""

from __future__ import annotations

import os
from contextlib import contextmanager, suppress
from typing import IO, TYPE_CHECKING

from chapbook_core.project.writing import WriteFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def passing_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a stream that becomes the file when the block ends well, and nothing when it does not.

    Raises WriteFailed.
    """
    temporary = path.with_name(f".{path.name[:200]}.{os.urandom(4).hex()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        stream = temporary.open("xb")
    except OSError as problem:
        raise WriteFailed(path, problem) from None
    try:
        with stream:
            yield stream
        temporary.replace(path)
    except OSError as problem:
        _remove(temporary)
        raise WriteFailed(path, problem) from None
    except BaseException:
        _remove(temporary)
        raise


def _remove(file: Path) -> None:
    with suppress(OSError):
        file.unlink()

"""Compiles the part of Chapbook that is written in C, if there is a compiler; without it everything works, slower."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

_FOLDER = Path(__file__).parent / "chapbook_core" / "installer"
_FLAGS = ("-std=c11", "-O2", "-Wall", "-Wextra", "-fPIC", "-shared", "-D_GNU_SOURCE", "-D_DARWIN_C_SOURCE")
# Where the numbers of files and the seconds have 32 bits unless one asks for more.
_WIDE = ("-D_FILE_OFFSET_BITS=64", "-D_TIME_BITS=64")


def main() -> None:
    """Leave the library where it is looked for, or nothing."""
    library, sources = _FOLDER / "libswift.so", sorted(map(str, _FOLDER.glob("swift*.c")))
    # A process may have the old one loaded.
    library.unlink(missing_ok=True)
    if os.name != "posix":
        return
    draft = library.with_suffix(".tmp")
    words = [*shlex.split(os.environ.get("CC") or "cc"), *_FLAGS, *_WIDE, "-o", str(draft), *sources]
    try:
        subprocess.run(words, check=True)  # noqa: S603  the compiler that was chosen
        draft.replace(library)
    except (OSError, subprocess.CalledProcessError) as problem:
        draft.unlink(missing_ok=True)
        sys.stderr.write(f"chapbook: its part in C could not be compiled ({problem}); unpacking will take longer\n")


if __name__ == "__main__":
    main()

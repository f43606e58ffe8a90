"""FileState: whose a file is that has the place of a module made from notebooks."""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.hook.collecting import is_generated
from chapbook_core.builder.notebook.module_text import MARK, digest
from chapbook_core.pattern import late_pattern

if TYPE_CHECKING:
    from pathlib import Path

_SEAL = late_pattern(re.escape(MARK) + r".* \[(?P<digest>[0-9a-f]+)\]")


class FileState(Enum):
    """What is there."""

    ABSENT = "absent"
    GENERATED = "generated"
    """It may be replaced: nothing in it is not also in a notebook."""
    EDITED = "edited"
    """It was made from a notebook, and somebody has changed it."""
    WRITTEN = "written"
    """It is a person's own."""


def file_state(path: Path) -> FileState:
    """Look at a file; one that cannot be read counts as a person's own."""
    try:
        content = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return FileState.ABSENT
    except OSError:
        return FileState.WRITTEN
    try:
        text = content.decode().replace("\r\n", "\n")
    except UnicodeDecodeError:
        return FileState.WRITTEN
    seal = _SEAL.match(text)
    if seal is not None:
        body = text.partition("\n")[2]
        return FileState.GENERATED if digest(body) == seal["digest"] else FileState.EDITED
    # nbdev's have no such digest.
    return FileState.GENERATED if is_generated(content) else FileState.WRITTEN


def is_ours(path: Path) -> bool:
    """Tell whether a file was made here and not edited."""
    try:
        return path.read_text("utf-8").startswith(MARK) and file_state(path) is FileState.GENERATED
    except (OSError, UnicodeDecodeError):
        return False

"""Errors that no command has foreseen, turned into what a person can read."""

from __future__ import annotations

import os
from typing import ClassVar

from chapbook_core.errors import ChapbookError

BUG_STATUS = 70
"""What sysexits.h calls an internal software error."""


class Bug(ChapbookError):
    """Chapbook itself is wrong."""

    exit_status: ClassVar[int] = BUG_STATUS

    def __init__(self, error: BaseException, *, is_located: bool) -> None:
        hints = ["nothing says that your project is wrong; please report this"]
        if not is_located:
            hints.append("run it again with `-vvv` to see where it happened")
        super().__init__(f"a bug in Chapbook: {type(error).__name__}: {error}", hints=hints)


def understood(error: Exception, *, is_located: bool = False) -> ChapbookError:
    """Return an error for a person; `is_located` when the person is shown where it happened."""
    match error:
        case ChapbookError():
            return error
        case OSError():
            return _refused(error)
        case _:
            return Bug(error, is_located=is_located)


def _refused(error: OSError) -> ChapbookError:
    reason = error.strerror or str(error)
    if error.filename is None:
        return ChapbookError(f"the system refused: {reason}")
    hints = ["check who may read and write there"] if isinstance(error, PermissionError) else []
    return ChapbookError(f"{os.fsdecode(error.filename)}: {reason}", hints=hints)

"""Failures of builds, told with what the build itself said last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_OWN_WORDS = "the words above are its build's own; choose a version with a wheel, or tell its owners"


class BuildFailed(ChapbookError):
    """A source tree of which its backend makes nothing that can be used."""

    def __init__(
        self, what: str, reason: str, *, hints: Iterable[str] = (), log: Path | None = None, is_lacking: bool = False
    ) -> None:
        self.what = what
        self.reason = reason
        self.log = log
        self.is_lacking = is_lacking
        """Whether what it needs could not be had, so that it did not even begin."""
        told = list(hints) or [_OWN_WORDS]
        if log is not None:
            told.append(f"everything it said is in `{log}`")
        super().__init__(f"building {what} failed: {reason}", hints=told)


class HookFailed(Exception):
    """A hook that ended badly, with the last words of its backend and all of them."""

    def __init__(self, message: str, output: str) -> None:
        self.output = output
        super().__init__(message)


class HookMissing(Exception):
    """A hook that the backend does not have."""

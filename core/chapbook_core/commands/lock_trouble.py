"""Lock trouble: what may be wrong with the lock of a project, told to whoever needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from chapbook_core.lock.completeness import Lacking

_MOST_TOLD = 10


class LockStale(ChapbookError):
    """The lock was made from another project file."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"{file} does not belong to this pyproject.toml", hints=["run `chapbook lock`"])


class LockLacks(ChapbookError):
    """Somebody has taken packages out of the lock."""

    def __init__(self, file: Path, found: Sequence[Lacking]) -> None:
        words = "; ".join(f"no {lacking}" for lacking in found[:_MOST_TOLD])
        more = f"; and {len(found) - _MOST_TOLD} more" if len(found) > _MOST_TOLD else ""
        super().__init__(f"{file} holds {words}{more}", hints=["run `chapbook lock`"])


class NotLocked(ChapbookError):
    """There is no lock."""

    def __init__(self, file: Path) -> None:
        super().__init__(f"there is no {file}", hints=["run `chapbook lock`"])

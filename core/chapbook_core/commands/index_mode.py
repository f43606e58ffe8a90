"""What the options `--offline` and `--refresh` mean for reading indexes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.index.mode import Mode

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation


def index_mode(invocation: Invocation) -> Mode:
    """Read the options of a command that declares them."""
    if invocation.flag("offline"):
        return Mode.OFFLINE
    return Mode.REFRESH if invocation.flag("refresh") else Mode.ONLINE

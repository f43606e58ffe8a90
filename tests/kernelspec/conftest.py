from __future__ import annotations

from tests.core.commands.conftest import Outcome, chapbook, folder

__all__ = ["Outcome", "chapbook", "folder"]

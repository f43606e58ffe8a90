"""The line that tells the version."""

from __future__ import annotations

import sys

from chapbook_core.commands.own_version import own_version


def print_version() -> int:
    """Answer `chapbook --version`."""
    sys.stdout.write(f"chapbook {own_version()}\n")
    return 0

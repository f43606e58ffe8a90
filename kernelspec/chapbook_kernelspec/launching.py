"""The command lines of kernels: the project's own, and the one in which a project is mended."""

from __future__ import annotations

import json
import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chapbook_core.commands.kernel_start import KernelStart
    from chapbook_kernelspec.readiness import Refused

CONNECTION_FILE = "{connection_file}"
"""What jupyter_client replaces by the path."""
_LAUNCHER = str(Path(__file__).with_name("launcher.py"))


def kernel_command(start: KernelStart, connection_file: str = CONNECTION_FILE) -> list[str]:
    """Return the words that start the kernel of a project in its own Python."""
    beside = os.pathsep.join(start.folders)
    return [start.python, *start.options, _LAUNCHER, beside, "-f", connection_file, *start.arguments]


def repair_command(refused: Refused, connection_file: str = CONNECTION_FILE) -> list[str]:
    """Return the words that start a kernel in the tool's own Python, which tells what is wrong."""
    reason = json.dumps({"reason": refused.reason, "hints": refused.hints})
    # Braces would be looked at as if they were names to be replaced.
    words = reason.encode().hex()
    # Without `-P`, modules in the notebook's folder, which nobody trusts yet, would come before the tool's.
    return [sys.executable, "-P", "-m", "chapbook_kernelspec.repair", words, "-f", connection_file]


def can_repair() -> bool:
    """Tell whether the tool's own Python has a kernel."""
    return find_spec("ipykernel") is not None

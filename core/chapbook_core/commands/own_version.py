"""Chapbook's own version, found without importing anything."""

from __future__ import annotations

import os
import sys
from functools import cache


@cache
def own_version() -> str:
    """Return the version from the name of the folder that the installer wrote our metadata into.

    A process remains what it was when it started.
    """
    for folder in sys.path:
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208 - importing pathlib costs more than everything else here
        except OSError:
            continue
        for name in names:
            if name.startswith("chapbook-") and name.endswith(".dist-info"):
                return name[len("chapbook-") : -len(".dist-info")]
    # An unusual installation, as from a zip file; this costs 50 ms.
    from importlib.metadata import version

    return version("chapbook")

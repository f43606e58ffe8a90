"""Patience with those who have a file open for a moment: on Windows none such is renamed, replaced or removed."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_IS_NEEDED = os.name == "nt"
_PAUSES = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.3)
"""Seconds; a virus scanner, or whoever reads a small file, has closed it by then."""


def patiently(act: Callable[[], object]) -> None:
    """Do something with the name of a file, again where somebody is in the way; raises OSError."""
    for pause in _PAUSES if _IS_NEEDED else ():
        try:
            act()
        except PermissionError:
            time.sleep(pause)
        else:
            return
    act()

"""What a change of an environment leaves while it lasts, told by a look at one name or two."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

OWN_FOLDER = ".chapbook"
"""Below the top of an environment: stages, trash and the journal."""
JOURNAL = "journal"
STAGES = f"{OWN_FOLDER}/stage"
"""Below the environment."""


def is_interrupted(environment: Path) -> bool:
    """Tell whether a change was begun and not ended: one look, for everybody who opens an environment."""
    return os.path.exists(f"{environment}/{OWN_FOLDER}/{JOURNAL}")  # noqa: PTH110  each command asks, and paths are dearer


def has_traces(environment: Path) -> bool:
    """Tell whether anything is left of a change, even of one that has ended."""
    return is_interrupted(environment) or os.path.exists(f"{environment}/{STAGES}")  # noqa: PTH110  as above

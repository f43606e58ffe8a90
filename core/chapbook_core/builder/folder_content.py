"""What a required folder held when it was put in: the text that is compared with what it holds today.

Of a folder that a package was built from everything counts; of one that it is imported from only what says how it is
built: its version, scripts, entry points and requirements.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.tree_fingerprint import settings_fingerprint, tree_fingerprint

if TYPE_CHECKING:
    from collections.abc import Mapping

_SETTINGS = "settings:"


def folder_content(folder: Path) -> str | None:
    """Return the text of a folder that a package is built from; None for one that cannot be read."""
    try:
        return tree_fingerprint(folder)
    except OSError:
        return None


def settings_content(folder: Path) -> str:
    """Return the text of a folder that a package is imported from."""
    return _SETTINGS + settings_fingerprint(folder)


def is_any_changed(folders: Mapping[str, str]) -> bool:
    """Tell whether one of some folders, each with its text, is not what it was."""
    return any(
        content != (settings_content(Path(folder)) if content.startswith(_SETTINGS) else folder_content(Path(folder)))
        for folder, content in folders.items()
    )

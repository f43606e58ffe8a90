"""What a notebook says in its metadata of the groups and extras that its kernel is to have."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chapbook_core.commands.kernel_start import KernelWants

if TYPE_CHECKING:
    from pathlib import Path

_SUFFIX = ".ipynb"
_OWN = "chapbook"


def read_wants(notebook: Path) -> KernelWants:
    """Return the groups and extras that a notebook's metadata name; what cannot be understood names none."""
    if notebook.suffix != _SUFFIX:
        return KernelWants()
    try:
        content = notebook.read_bytes()
        # Most notebooks say nothing, and some are large.
        metadata = json.loads(content.decode("utf-8"))["metadata"] if b'"chapbook"' in content else {}
        table = metadata.get(_OWN, {})
        return KernelWants(_texts(table.get("groups")), _texts(table.get("extras")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return KernelWants()


def _texts(value: object) -> tuple[str, ...]:
    return tuple(text for text in value if isinstance(text, str)) if isinstance(value, list) else ()

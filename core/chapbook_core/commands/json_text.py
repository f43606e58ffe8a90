"""A result as the JSON that a person asks for with `--format=json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chapbook_core.commands.visible import visible

if TYPE_CHECKING:
    from chapbook_core.commands.report import Result


def json_text(result: Result) -> str:
    """Return the text, which ends with a line break."""
    return visible(json.dumps(result.data(), indent=2, ensure_ascii=False)) + "\n"

"""What a command came to as the JSON that a person asks for with `--format=json`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chapbook_core.commands.unforeseen import Bug
from chapbook_core.commands.visible import visible
from chapbook_core.errors import Cancelled, ChapbookError

if TYPE_CHECKING:
    from chapbook_core.commands.report import Data, Result


def json_text(result: Result) -> str:
    """Return the text of a result, which ends with a line break."""
    return _text(result.data())


def json_error_text(told: ChapbookError, cause: BaseException, *, is_located: bool) -> str:
    """Return the text of an error, under the one key that no result has, in the engine's words."""
    where = traceback_of(told, cause, is_located=is_located)
    error: Data = {
        "kind": kind_of(told),
        "message": told.message,
        "hints": list(told.hints),
        "exit_status": told.exit_status,
        "data": {"traceback": where} if where else None,
    }
    return _text({"error": error})


def kind_of(told: ChapbookError) -> str:
    """Return the name by which programs know an error."""
    return "Cancelled" if isinstance(told, Cancelled) else type(told).__name__


def traceback_of(told: ChapbookError, cause: BaseException, *, is_located: bool) -> str:
    """Return where a bug happened, or any error when asked; else nothing."""
    if not (is_located or isinstance(told, Bug)):
        return ""
    # Hardly ever needed.
    from traceback import format_exception

    return "".join(format_exception(cause))


def _text(data: Data) -> str:
    return visible(json.dumps(data, indent=2, ensure_ascii=False)) + "\n"

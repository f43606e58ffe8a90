"""What Tab offers behind `%poetry`, and in the lines of `%%poetry`: the engine knows it."""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Callable

PATIENCE = 1.0
"""Seconds that a person who pressed Tab waits at most."""
_LINE = re.compile(r"\s*(?:[\w\s.,]+=\s*)?%{0,2}poetry[ \t]+(?P<line>[^\n]*)\Z")
_CELL = re.compile(r"\s*%%poetry\b")
_MATCHERS = (8, 6)
"""The release of IPython from which on a completer may see more than the line it stands in."""
_IDENTIFIER = "chapbook_poetry_matcher"


def register(shell: Any) -> Callable[..., Any] | None:
    """Have IPython ask here, instead of whoever has stood in; returns what it asks, where releases have matchers."""
    completer = getattr(shell, "Completer", None)
    if completer is None:
        return None
    unregister(shell)
    if not _has_matchers():
        for magic in ("%poetry", "%%poetry"):
            shell.set_hook("complete_command", complete_command, str_key=magic)
        return None
    matcher = _matcher(shell)
    completer.custom_matchers.insert(0, matcher)
    return matcher


def unregister(shell: Any) -> None:
    """Have IPython ask here no more; older ones ask for ever, and are told nothing."""
    matchers = getattr(getattr(shell, "Completer", None), "custom_matchers", [])
    matchers[:] = [one for one in matchers if getattr(one, "matcher_identifier", "") != _IDENTIFIER]


def offers(shell: Any, line: str) -> tuple[list[str], str]:
    """Return what may stand for the last, unfinished word of the line behind `poetry`; and that word."""
    # Imported at the first Tab.
    from chapbook.magics.connection import engine, here

    matches, start = engine().complete(line, len(line), here(shell), PATIENCE)
    return matches, line[start:]


def _matcher(shell: Any) -> Callable[..., Any]:
    def matcher(context: Any) -> dict[str, Any]:
        line = _line_in(context.full_text, context.cursor_line, context.text_until_cursor)
        if line is None:
            return {"completions": []}
        # A part of IPython's completer, which is what asks.
        from IPython.core.completer import SimpleCompletion

        texts = _from_token(*offers(shell, line), context.token)
        completions = [SimpleCompletion(text, type="option" if text.startswith("-") else "magic") for text in texts]
        return {"completions": completions, "suppress": True, "ordered": True}

    matcher.matcher_api_version = 2  # type: ignore[attr-defined]  # what IPython's decorator would set
    matcher.matcher_priority = 100  # type: ignore[attr-defined]
    matcher.matcher_identifier = _IDENTIFIER  # type: ignore[attr-defined]
    return matcher


def complete_command(shell: Any, event: Any) -> list[str]:
    """Called by older releases of IPython."""
    line = _line_in(event.line, 0, event.text_until_cursor)
    return [] if line is None else _from_token(*offers(shell, line), event.symbol)


def _line_in(text: str, row: int, before: str) -> str | None:
    """Return the words behind `poetry` up to the cursor, when that is where it stands."""
    match = _LINE.match(before)
    if match is not None:
        return match.group("line")
    return before.lstrip() if row and _CELL.match(text) else None


def _from_token(matches: list[str], typed: str, token: str) -> list[str]:
    """Cut off what IPython takes for a word of its own: it replaces only the token, as the `2` in `pandas==2`."""
    if not typed.endswith(token):
        return []
    cut = len(typed) - len(token)
    return [match[cut:] for match in matches if match[:cut].lower() == typed[:cut].lower()]


def _has_matchers() -> bool:
    # Loaded long before.
    from IPython import version_info

    return version_info[:2] >= _MATCHERS

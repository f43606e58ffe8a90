"""Takes a secret out of everything that IPython remembers of what was typed."""

from __future__ import annotations

import linecache

from chapbook.magics.secret_words import masked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Sequence

    from IPython.core.interactiveshell import InteractiveShell


def forget(shell: InteractiveShell, secrets: Sequence[str]) -> None:
    """Mask the secrets in `In`, `_i` and their like, in the history's database, and in what tracebacks quote.

    Called while the cell runs that holds them. What the notebook's editor shows stays: no kernel can reach it.
    """
    secrets = _with_quoted(secrets)
    manager: Any = shell.history_manager
    _mask_variables(shell, secrets)
    _mask_sources(secrets)
    if manager is None:
        return
    for name in ("input_hist_parsed", "input_hist_raw"):
        _mask_list(getattr(manager, name, []), secrets)
    for name in ("_i", "_ii", "_iii", "_i00"):
        text = getattr(manager, name, None)
        if isinstance(text, str) and masked(text, secrets) != text:
            setattr(manager, name, masked(text, secrets))
    _mask_saved(manager, secrets)
    _mask_terminal(shell, secrets)


def _with_quoted(secrets: Sequence[str]) -> list[str]:
    """Add each secret as it stands in the Python code that IPython makes of a magic."""
    forms: set[str] = set()
    for secret in secrets:
        # Which quotes are escaped depends on which others stand in the line.
        forms |= {secret, repr(secret)[1:-1], repr(f"'\"{secret}")[4:-1]}
    return sorted(forms, key=len, reverse=True)


def _mask_variables(shell: InteractiveShell, secrets: Sequence[str]) -> None:
    names: Any = shell.user_ns
    for name, value in list(names.items()):
        if name.startswith("_i") and isinstance(value, str) and masked(value, secrets) != value:
            names[name] = masked(value, secrets)


def _mask_sources(secrets: Sequence[str]) -> None:
    """The source of a cell is kept for tracebacks."""
    for name, entry in list(linecache.cache.items()):
        if len(entry) == 4 and any(secret in line for line in entry[2] for secret in secrets):  # noqa: PLR2004  # as documented there
            size, moment, lines, path = entry
            linecache.cache[name] = (size, moment, [masked(line, secrets) for line in lines], path)


def _mask_list(texts: Any, secrets: Sequence[str]) -> None:
    for position, text in enumerate(texts):
        if isinstance(text, str) and masked(text, secrets) != text:
            texts[position] = masked(text, secrets)


def _mask_saved(manager: Any, secrets: Sequence[str]) -> None:
    """Mask what waits to be saved, and what was saved already; a history without a database has neither."""
    try:
        with manager.db_input_cache_lock:
            manager.db_input_cache[:] = [
                (number, masked(parsed, secrets), masked(raw, secrets))
                for number, parsed, raw in manager.db_input_cache
            ]
            rows = manager.db.execute(
                "SELECT line, source, source_raw FROM history WHERE session = ?", (manager.session_number,)
            ).fetchall()
            with manager.db:
                for line, parsed, raw in rows:
                    told = (masked(parsed, secrets), masked(raw, secrets))
                    if told != (parsed, raw):
                        manager.db.execute(
                            "UPDATE history SET source = ?, source_raw = ? WHERE session = ? AND line = ?",
                            (*told, manager.session_number, line),
                        )
    except Exception:  # noqa: BLE001, S110  # the history is IPython's own; the command must not fail by it
        pass


def _mask_terminal(shell: InteractiveShell, secrets: Sequence[str]) -> None:
    """The line editor of a terminal remembers lines of its own."""
    history = getattr(getattr(shell, "pt_app", None), "history", None)
    for name in ("_storage", "_loaded_strings"):
        texts = getattr(history, name, None)
        if isinstance(texts, list):
            _mask_list(texts, secrets)

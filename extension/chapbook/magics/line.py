"""The magic itself: reads what was typed, has the engine do it, and shows what comes of it."""

from __future__ import annotations

import re
import shutil

from chapbook.magics.connection import WIDTH, can_ask, engine, facts, here, liveness
from chapbook.magics.display import Live, TerminalDisplay, display_of
from chapbook.magics.missing import forget
from chapbook.magics.outcome import Interrupted
from chapbook.magics.result import CommandCancelled, CommandFailed, Result, Results
from chapbook.magics.words import Command, UnclosedQuote, cell_commands, expanded, split_words, without_comment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Mapping, Sequence

    from chapbook.magics.outcome import Outcome
    from chapbook.magics.wire import Message

_QUIET = ("-q", "--quiet")
_VARIABLE = re.compile(r"(?<!\$)\$([A-Za-z_]\w*)")


class MagicMistake(Exception):
    """What was typed is no command; said in one line."""

    def _render_traceback_(self, *_: object) -> list[str]:
        return [f"{type(self).__name__}: {self}"]


def run(line: str, cell: str | None, local_names: Mapping[str, Any]) -> Result | Results:
    """Run the command of a line, or those of a cell."""
    # `get_ipython` stands only in the namespaces of cells.
    from IPython import get_ipython

    shell: Any = get_ipython()
    names = {**shell.user_ns, **local_names}
    if cell is None:
        return _run_one(shell, Command(1, without_comment(line)), "", names, ())
    options, commands = cell_commands(line, cell)
    if not commands:
        raise MagicMistake("`%%poetry` needs commands, one a line")
    results = [
        _run_one(shell, command, options, names, commands[position:])
        for position, command in enumerate(commands, start=1)
    ]
    return Results(results)


def _run_one(
    shell: Any, command: Command, options: str, names: Mapping[str, Any], following: Sequence[Command]
) -> Result:
    text = f"{options} {command.text}".strip()
    secrets = _secrets(text)
    try:
        words = split_words(expanded(text, names))
    except UnclosedQuote:
        raise MagicMistake(f"a quotation mark is opened and never closed: {_masked(text, secrets)}") from None
    display = display_of(shell)
    with Live(display, quiet=any(word in _QUIET for word in words)) as live:
        if secrets:
            _forget(shell, secrets, live)
        if words:
            _tell_drift(live)
        outcome, is_cancelled = _asked(shell, words, live, _width(display))
        if outcome.project:
            liveness().changed(outcome.project, _stale(outcome))
        if outcome.environment_changed:
            forget(shell)
        result = Result(_masked(text, secrets), outcome, shown_in=shell.execution_count)
        texts, parts = [outcome.text.rstrip("\n")], [outcome.html]
        for more in _afterwords(shell, result, names, following if is_cancelled or not result else ()):
            texts.append(more)
            parts.append(_paragraph(more))
        live.finish("".join(f"{one}\n" for one in texts if one), "".join(parts))
    if is_cancelled:
        raise CommandCancelled(result)
    if not result:
        raise CommandFailed(result, is_seen=can_ask(shell))
    return result


def _asked(shell: Any, words: list[str], live: Live, width: int) -> tuple[Outcome, bool]:
    """Return what came of the command, and whether the person stopped it."""

    def hear(event: Message) -> object:
        if event.get("event") != "question":
            live.hear(event)
            return None
        # Hardly any command asks.
        from chapbook.magics.questions import answer

        live.pause()
        return answer(event)

    try:
        if not words:
            return engine().status({**here(shell), "width": width}, hear), False
        return engine().run({**facts(shell, width), "argv": words}, hear), False
    except Interrupted as interrupted:
        return interrupted.outcome, True


def _tell_drift(live: Live) -> None:
    """Say what others have changed since the last command; once, and above what the command says."""
    drift = liveness().drift()
    if drift:
        live.hear(_notice("note", drift))


def _stale(outcome: Outcome) -> list[str]:
    """Return the distributions that changed while they were loaded."""
    told = outcome.data.get("live") if isinstance(outcome.data, dict) else None
    return [one["name"] for one in told.get("stale", ())] if isinstance(told, dict) else []


def _notice(level: str, message: str, hint: str = "") -> Message:
    # Hardly any line needs it.
    from chapbook.magics import markup

    text = f"{level}: {message}\n" + (f"hint: {hint}\n" if hint else "")
    return {"event": "notice", "level": "info", "text": text, "html": markup.notice(level, message, hint)}


def _paragraph(text: str) -> str:
    from chapbook.magics import markup  # as above

    return markup.paragraph(text)


def _afterwords(shell: Any, result: Result, names: Mapping[str, Any], not_run: Sequence[Command]) -> list[str]:
    """Say what the command itself cannot know."""
    more = []
    unknown = [] if result else [name for name in _VARIABLE.findall(result.line) if name not in names]
    if unknown:
        more.append(
            f"There is no variable of that name, so it stayed as it is: {', '.join(f'`${name}`' for name in unknown)}"
        )
    if result.environment_changed and result.environment:
        # Needed after changes alone.
        from chapbook.magics.welcome import elsewhere

        more += elsewhere(shell, result.environment)
    if not_run:
        lines = ", ".join(
            f"line {command.line} `{_masked(command.text, _secrets(command.text))}`" for command in not_run
        )
        more.append(f"Not run: {lines}")
    return more


def _secrets(text: str) -> list[str]:
    # Words are needed that no variable has filled: what a variable holds was not typed.
    from chapbook.magics.secret_words import secret_texts

    try:
        return secret_texts(split_words(text))
    except UnclosedQuote:
        return []


def _masked(text: str, secrets: list[str]) -> str:
    from chapbook.magics.secret_words import masked  # as above

    return masked(text, secrets)


def _forget(shell: Any, secrets: list[str], live: Live) -> None:
    # Hardly any line holds a secret.
    from chapbook.magics.history import forget

    forget(shell, secrets)
    message = "a password stands in this cell, and would be saved with the notebook; it was taken out of the history"
    hint = "delete it here too; next time put it into a variable, as `$name`, or leave it out to be asked for it"
    live.hear(_notice("warning", message, hint))


def _width(display: object) -> int:
    return shutil.get_terminal_size().columns if isinstance(display, TerminalDisplay) else WIDTH

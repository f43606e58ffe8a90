"""The repair kernel: it runs in the tool's own Python, its cells work, and it says once what keeps the project's away.

python -m chapbook_kernelspec.repair REASON -f CONNECTION_FILE
"""

from __future__ import annotations

import html
import importlib
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    class Events(Protocol):
        """IPython's, as far as they are used here."""

        def register(self, event: str, function: object) -> None:
            """Have a function called."""

        def unregister(self, event: str, function: object) -> None:
            """Have it called no more."""


TITLE = "This is not the project's kernel"
_EXTENSION = "chapbook"
"""By name, because it stands on this package and is not imported by it."""
_WELCOME = "chapbook.magics.welcome"
_BEFORE_CELL = "pre_run_cell"
_RESTART = "restart the kernel: it will be the project's"
_UNTOLD = "run `%poetry install`, which tells more"


@dataclass(frozen=True, slots=True)
class Notice:
    """What is wrong, and what to do."""

    reason: str
    hints: tuple[str, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """What to do, in words for a cell: there the program is called `%poetry`."""
        hints = [hint.replace("`chapbook ", "`%poetry ") for hint in self.hints] or [_UNTOLD]
        return (*hints, f"then {_RESTART}")

    def text(self) -> str:
        """Return it for a terminal."""
        return "\n".join([f"{TITLE}: {self.reason}", *(f"hint: {step}" for step in self.steps)])

    def markup(self) -> str:
        """Return it as HTML, in colours that light and dark pages have in common."""
        reason = html.escape(self.reason).replace("\n", "<br>")
        steps = "".join(f"<li>{_with_code(step)}</li>" for step in self.steps)
        style = "border-left: 3px solid #d9822b; padding: 0.2em 0.8em; white-space: normal"
        return f'<div style="{style}"><b>{TITLE}</b><br>{_with_code(reason, is_escaped=True)}<ul>{steps}</ul></div>'


def read_notice(word: str) -> Notice:
    """Read what `launching.repair_command` has written."""
    facts = json.loads(bytes.fromhex(word))
    return Notice(str(facts["reason"]), tuple(map(str, facts["hints"])))


def tell_once(notice: Notice, events: Events) -> None:
    """Show the notice above the output of the first cell that a person runs."""

    def tell(_info: object = None) -> None:
        events.unregister(_BEFORE_CELL, tell)
        # IPython is there by then.
        from IPython.display import display

        shown = {"text/plain": notice.text(), "text/html": notice.markup()}
        display(shown, raw=True)  # type: ignore[no-untyped-call]  # IPython has no types for it

    events.register(_BEFORE_CELL, tell)


def launch(words: Sequence[str]) -> None:
    """Become the kernel."""
    notice = read_notice(words[0])
    from ipykernel.kernelapp import IPKernelApp

    application = IPKernelApp.instance()
    application.initialize(list(words[1:]))  # type: ignore[no-untyped-call]  # nor has ipykernel
    shell = application.shell
    if shell is not None:
        shell.banner2 = f"\n{notice.text()}\n"
        # Without the words for somebody who loads it by hand; that this kernel is another one is told below.
        importlib.import_module(_EXTENSION).register(shell)
        # The notebook has the right kernel already; it is this process that is another one.
        importlib.import_module(_WELCOME).advise(_RESTART)
        tell_once(notice, shell.events)
    application.start()  # type: ignore[no-untyped-call]  # as above


def _with_code(text: str, *, is_escaped: bool = False) -> str:
    """Turn what stands between backticks into code."""
    pieces = (text if is_escaped else html.escape(text)).split("`")
    if len(pieces) % 2 == 0:
        return "`".join(pieces)
    return "".join(f"<code>{piece}</code>" if place % 2 else piece for place, piece in enumerate(pieces))


if __name__ == "__main__":
    launch(sys.argv[1:])

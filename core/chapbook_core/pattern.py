"""Regular expressions that are compiled when they are first asked.

Compiling one takes as long as loading a small module, and a command asks few of those that the modules it loads hold.
An engine, which has time before its first command, compiles all of those that are there by then.
"""

from __future__ import annotations

import re
from contextlib import suppress
from typing import TYPE_CHECKING, AnyStr

if TYPE_CHECKING:

    def late_pattern(text: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
        """Stand for `re.compile`, at the top of a module."""

else:

    class late_pattern:  # noqa: N801  written like the function that type checkers see
        """Stands for `re.compile`, at the top of a module."""

        def __init__(self, text: AnyStr, flags: int = 0) -> None:
            self.__dict__["_told"] = (text, flags)
            _uncompiled.append(self)

        def __getattr__(self, name: str) -> object:
            """Return what the compiled one has, and keep it, so that the next use takes no longer than of that one."""
            found = re.compile(*self._told) if name == "_compiled" else getattr(self._compiled, name)
            setattr(self, name, found)
            return found


_uncompiled: list[object] = []
"""The patterns there are that were not compiled ahead."""


def compile_ahead() -> None:
    """Compile the patterns of all modules that are loaded."""
    while _uncompiled:
        with suppress(re.error):  # told by the first use
            getattr(_uncompiled.pop(), "_compiled", None)

"""What keeps a file from being TOML, and in which line."""

from __future__ import annotations

import re

from chapbook_core.errors import Mistake
from chapbook_core.pattern import late_pattern

UNREADABLE = (ValueError, RecursionError)
"""What reading raises: TOMLDecodeError and UnicodeDecodeError, and for numbers and nesting that no one means, these."""

_AT_LINE = late_pattern(r" \(at line (?P<line>\d+), column \d+\)$")
_AT_END = " (at end of document)"
_MERGE = late_pattern(rb"^<{7} [^\n]*\n(?:[^\n]*\n)*?={7}\r?\n(?:[^\n]*\n)*?>{7} ", re.MULTILINE)


def toml_mistake(error: ValueError | RecursionError, content: bytes) -> Mistake:
    """Return the mistake behind the error that reading the content raised."""
    # Those who read files that may be absent have this module, and not that one.
    import tomllib

    if isinstance(error, UnicodeDecodeError):
        line = content.count(b"\n", 0, error.start) + 1
        return Mistake("is not UTF-8 text", line=line, hint="save the file as UTF-8 and try again")
    if content.startswith(b"\xef\xbb\xbf"):
        message = "begins with a byte order mark, which TOML does not allow"
        return Mistake(message, line=1, hint="save the file as UTF-8 without byte order mark")
    if isinstance(error, RecursionError):
        return Mistake("cannot be read: its values are nested too deeply", hint="have fewer brackets within brackets")
    if not isinstance(error, tomllib.TOMLDecodeError):
        return Mistake("cannot be read: a number has too many digits", hint="write it as a string")
    return _syntax_mistake(str(error), content)


def _syntax_mistake(message: str, content: bytes) -> Mistake:
    if (mark := _MERGE.search(content)) is not None:
        line = content.count(b"\n", 0, mark.start()) + 1
        hint = "decide for one side or put both together, and take the lines that begin with `<<<<<<<` and the like out"
        return Mistake("holds the marks of an unfinished merge", line=line, hint=hint)
    match = _AT_LINE.search(message)
    if match is None:
        line = content.rstrip().count(b"\n") + 1
        return Mistake(f"is not valid TOML: {message.removesuffix(_AT_END)}", line=line)
    is_twice = "Cannot overwrite" in message or "Cannot declare" in message
    hint = "the key or table is there twice; keep one" if is_twice else ""
    return Mistake(f"is not valid TOML: {message[: match.start()]}", line=int(match["line"]), hint=hint)

"""Text from elsewhere, with the characters that a terminal would obey shown instead."""

from __future__ import annotations

from itertools import chain

_TAB, _LINE_BREAK = 0x09, 0x0A
_CONTROLS = (number for number in chain(range(0x20), range(0x7F, 0xA0)) if number not in (_TAB, _LINE_BREAK))
# They turn the direction of what is read, or end a line in some terminals and not in others.
_DIRECTIONS = chain((0x061C, 0x200E, 0x200F), range(0x2028, 0x202F), range(0x2066, 0x206A))
_SHOWN = {number: f"\\u{number:04x}" for number in chain(_CONTROLS, _DIRECTIONS)}


def visible(text: str) -> str:
    """Return the text with controls as escapes, which mean the same within a string of JSON."""
    return text if text.isprintable() else text.translate(_SHOWN)

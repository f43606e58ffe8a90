"""BadWheel: a wheel that is refused, in one sentence that names the file, what is wrong and where in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Iterable

_HINT = "do not use this file; choose another version, and tell the owners of the package"
_SHOWN = 120


class BadWheel(ChapbookError):
    """A wheel that is damaged, contradicts itself or would write where it has no business; nothing was installed."""

    def __init__(self, filename: str, what: str, place: str = "", *, hints: Iterable[str] = (_HINT,)) -> None:
        self.filename = filename
        self.what = what
        self.place = place
        super().__init__(
            f"{shown(filename)}: {what} (`{shown(place)}`)" if place else f"{shown(filename)}: {what}", hints=hints
        )


class Refusal(ValueError):
    """What is wrong with a part of a wheel, said by a reader that does not know the file's name."""

    def __init__(self, what: str, place: str = "") -> None:
        self.what = what
        self.place = place
        super().__init__(f"{what} (`{shown(place)}`)" if place else what)

    def of(self, filename: str) -> BadWheel:
        """Return the error that names the file as well."""
        return BadWheel(filename, self.what, self.place)


def shown(text: str) -> str:
    """Return a text from a stranger so that a terminal shows it and does not obey it; long ones are cut."""
    visible = "".join(
        letter if letter.isprintable() else letter.encode("unicode_escape", "backslashreplace").decode()
        for letter in text
    )
    return visible if len(visible) <= _SHOWN else f"{visible[:_SHOWN]}..."

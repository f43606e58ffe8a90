"""The course of a history: what its entries come to, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from chapbook_core.project.history import Entry


@frozen
class Course:
    """Which changes stand, and which were undone and may be done again."""

    standing: tuple[Entry, ...]
    undone: tuple[tuple[Entry, ...], ...] = ()
    """Those of each undoing, with the undoing itself as the last."""

    def with_entry(self, entry: Entry) -> Course:
        """Return the course after one more entry."""
        if entry.undoes is not None:
            kept = tuple(one for one in self.standing if one.number < entry.undoes)
            gone = tuple(one for one in self.standing if one.number >= entry.undoes)
            return Course(kept, (*self.undone, (*gone, entry)))
        if entry.redoes is not None and self.undone:
            return Course((*self.standing, *self.undone[-1][:-1]), self.undone[:-1])
        return Course((*self.standing, entry))


def course(entries: Iterable[Entry]) -> Course:
    """Follow the entries from the first to the last."""
    followed = Course(())
    for entry in entries:
        followed = followed.with_entry(entry)
    return followed

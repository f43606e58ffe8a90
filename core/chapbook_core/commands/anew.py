"""Anew: which packages are put in again although they are there, as their files may not be what they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable


class NotToBeInstalled(ChapbookError):
    """A package is to be put in again that is not to be in the environment at all."""

    def __init__(self, names: Iterable[str], known: Iterable[str]) -> None:
        # Only a mistake needs this.
        from chapbook_core.index.names import did_you_mean

        names, known = sorted(names), sorted(known)
        near = dict.fromkeys(one for name in names for one in did_you_mean(name, known))
        hint = f"did you mean {' or '.join(f'`{one}`' for one in near)}?" if near else "`chapbook show` lists them"
        verb = "is" if len(names) == 1 else "are"
        super().__init__(
            f"{' and '.join(f'`{name}`' for name in names)} {verb} not among the packages to install", hints=[hint]
        )


@frozen
class Anew:
    """What a person says of it."""

    everything: bool = False
    names: frozenset[str] = frozenset()
    """Normalised."""

    def includes(self, name: str) -> bool:
        """Tell whether a package is one of them."""
        return self.everything or name in self.names

    def among(self, wanted: Iterable[str], own: str | None) -> frozenset[str]:
        """Return those of the packages that are wanted; `own` is the project itself. Raises NotToBeInstalled."""
        wanted = frozenset(wanted)
        known = wanted if own is None else wanted | {own}
        if unknown := self.names - known:
            raise NotToBeInstalled(unknown, known)
        return wanted if self.everything else wanted & self.names

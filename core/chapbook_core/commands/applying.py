"""Putting what was locked into the environment of the project."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from chapbook_core.commands.report import Block, Line

if TYPE_CHECKING:
    from chapbook_core.commands.changing import Proposal
    from chapbook_core.lock.wanted import Wanted


@dataclass(frozen=True, slots=True)
class Applied:
    """What became of the environment."""

    advice: str = ""
    """What is left to do; empty when nothing is."""

    def blocks(self) -> tuple[Block, ...]:
        """Tell it."""
        return (Line(self.advice),) if self.advice else ()


UNAPPLIED = Applied()
"""Of a command that leaves the environment alone."""


def apply_lock(proposal: Proposal, *, lock_only: bool, wanted: Wanted | None = None, sync: bool = False) -> Applied:
    """Write a change, and bring the environment to what it locks; on failure nothing is written.

    `wanted` are the groups and extras to install, and with `sync` what is not wanted goes.
    """
    del wanted, sync
    proposal.write()
    if lock_only:
        return Applied()
    return Applied("Run `chapbook install` to put it into the environment")

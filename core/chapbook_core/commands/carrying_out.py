"""Carrying out a proposal as the options of its command say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.applying import Applied, apply_lock
from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.liveness import read_timing
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from chapbook_core.commands.changing import Proposal, Written
    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.report import Change
    from chapbook_core.lock.wanted import Wanted


@frozen
class CarriedOut:
    """What a proposal did to the project, or would do."""

    changes: tuple[Change, ...]
    written: Written
    applied: Applied


def carry_out(
    proposal: Proposal,
    invocation: Invocation,
    *,
    wanted: Wanted | None = None,
    sync: bool = False,
    words: tuple[str, ...] | None = None,
) -> CarriedOut:
    """Write it and apply it, unless `--dry-run` or `--lock` is given; see `apply_lock` for the rest."""
    is_written = not invocation.flag("dry-run")
    # Afterwards the files are what they were to become.
    changes, written = proposal.changes, proposal.told(is_written=is_written)
    proposal.session.watcher.checkpoint()
    applied = apply_lock(
        proposal,
        lock_only=invocation.flag("lock"),
        timing=read_timing(invocation),
        wanted=wanted,
        sync=sync,
        mode=index_mode(invocation),
        words=words,
        dry_run=not is_written,
    )
    return CarriedOut(changes, written, applied)

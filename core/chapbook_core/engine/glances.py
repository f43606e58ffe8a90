"""The project at a glance, for a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.glance import glance_at
from chapbook_core.commands.words import Manner
from chapbook_core.engine.replies import outcome_of
from chapbook_core.engine.running import project_of, surroundings_for, writing_for
from chapbook_core.engine.watching import WireWatcher

if TYPE_CHECKING:
    from chapbook_core.engine.messages import Outcome, Status
    from chapbook_core.engine.outbox import Outbox
    from chapbook_core.engine.underway import Underway


def look(request: Status, underway: Underway, outbox: Outbox) -> Outcome:
    """Look at the project that a request comes from."""
    surroundings, writing = surroundings_for(request.where, Manner()), writing_for(request.where, Manner())
    result = glance_at(surroundings, WireWatcher(underway, outbox, writing))
    project = project_of(surroundings)
    return outcome_of(result, writing, project=None if project is None else str(project))

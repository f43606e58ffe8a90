"""Completion for a cell."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.completing import complete
from chapbook_core.commands.project_knowledge import ProjectKnowledge
from chapbook_core.commands.registry import BY_NAME
from chapbook_core.commands.words import Manner
from chapbook_core.engine.running import surroundings_for

if TYPE_CHECKING:
    from chapbook_core.commands.report import Data
    from chapbook_core.engine.messages import Complete


def complete_line(request: Complete) -> Data:
    """Return what may stand at the cursor of a line, and where it starts."""
    knowledge = ProjectKnowledge(surroundings_for(request.where, Manner()))
    found = complete(request.line, request.cursor, BY_NAME, knowledge)
    return {"matches": list(found.matches), "start": found.start}

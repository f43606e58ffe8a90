"""The options that say when a change of the environment happens while a kernel runs in it."""

from __future__ import annotations

from chapbook_core.commands.command import Option

APPLY_NOW = Option("apply-now", "change the environment even under a running kernel that has imported what changes")
NEXT_START = Option("next-start", "write the files of the project alone; the environment follows at the next start")
LIVE_OPTIONS = (APPLY_NOW, NEXT_START)
"""For every command that changes an environment; `commands.liveness.read_timing` reads them."""
LIVE_EXCLUSIVE = frozenset({"apply-now", "next-start"})

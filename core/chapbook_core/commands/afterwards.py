"""Afterwards: once a command has changed an environment, the store is readied for the next one, in the background."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.installer.bytecode import bytecode_tag

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.commands.session import Session
    from chapbook_core.environment.interpreter import Interpreter
    from chapbook_core.installer.store import Store, StoredWheel

SETTING = "installer.background"
_WORTH = 100
"""So many files at least are worth a process of their own."""
_WORTH_WHILE_WORKING = 25
"""Beside an engine, where somebody is at work who will want the next environment, or this one again."""


def ready_store(session: Session, store: Store, wheels: Sequence[StoredWheel], interpreter: Interpreter) -> None:
    """Have a process compile and lay out these wheels for the next environment, where something may be left behind."""
    companion, leave_behind = session.surroundings.companion, session.surroundings.leave_behind
    tag = bytecode_tag(interpreter)
    if leave_behind is None or tag is None or session.cache is None or not session.settings.flag(SETTING):
        return
    if companion is not None:
        from chapbook_core.environment.maker import MAKER  # where many commands are run

        MAKER.come_in_a_moment()
    if companion is not None and sum(len(wheel.manifest.files) for wheel in wheels) >= _WORTH:
        companion.summon()
    enough = _WORTH if companion is None else _WORTH_WHILE_WORKING
    if sum(len(wheel.manifest.files) for wheel in wheels) < enough:
        return
    from chapbook_core.installer.readying import MODULE, ReadyRequest, post, wanting  # only after a large change

    digests = wanting(wheels, tag)
    if sum(len(wheel.manifest.files) for wheel in wheels if wheel.manifest.sha256 in digests) < enough:
        return
    # Without it everything is as it should be, only slower the next time.
    with suppress(OSError):
        post(store.folder, ReadyRequest(interpreter.executable, tag, digests))
        leave_behind((sys.executable, "-P", "-m", MODULE, str(store.folder)), store.folder)

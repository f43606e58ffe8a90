"""The environment that a change goes into: made where there is none, or none that still fits its place.

What a failed change has made goes again, and what it was made in place of comes back.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from chapbook_core.commands.interpreters import choose_interpreter, interpreter_of
from chapbook_core.commands.project_environment import (
    ensure_environment,
    made_ahead,
    make,
    present_condition,
    project_place,
    require_fitting,
)
from chapbook_core.environment.condition import Absent, Moved, require_removable
from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.events import Notice
from chapbook_core.installer.traces import is_interrupted
from chapbook_core.installer.transaction import recover

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from chapbook_core.commands.session import Session
    from chapbook_core.environment.condition import Condition
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.interpreter import Interpreter

_NAMED = 5


@contextmanager
def changed_environment(session: Session, meanwhile: Callable[[Path, Interpreter], None]) -> Iterator[Environment]:
    """Provide the environment; when the change fails, it is what it was before. Raises as `ensure_environment` does.

    `meanwhile` is called with where one will be made, and of which Python, if that is waited for.
    """
    condition = present_condition(session)
    if isinstance(condition, Moved) and is_renewed(session, condition):
        with _renewed(session, condition) as environment:
            yield environment
    elif isinstance(condition, Absent):
        with _new(session, condition, meanwhile) as environment:
            yield environment
    else:
        yield ensure_environment(session, condition)


def foreseen(session: Session) -> tuple[Path, Interpreter] | None:
    """Return where an environment would be made by a change, and of which Python; None where it would not."""
    condition = present_condition(session)
    if isinstance(condition, Absent):
        return condition.path, choose_interpreter(session)
    if isinstance(condition, Moved) and is_renewed(session, condition):
        return condition.path, interpreter_of(session, condition.environment)
    return None


def is_renewed(session: Session, condition: Condition) -> bool:
    """Tell whether an environment that was moved is the project's own and of Chapbook's making, so that it may go."""
    if not isinstance(condition, Moved) or not condition.state.made_here:
        return False
    place = project_place(session.manifest, session.settings)
    return condition.path == place.path(condition.environment.python_version)


@contextmanager
def _new(session: Session, condition: Absent, meanwhile: Callable[[Path, Interpreter], None]) -> Iterator[Environment]:
    path, interpreter = condition.path, choose_interpreter(session)
    with made_ahead(session, interpreter) as is_waited_for:
        if is_waited_for:
            meanwhile(path, interpreter)
    environment = make(session, interpreter)
    try:
        yield environment
    except BaseException:
        # A change that was neither finished nor undone is told by what is in it.
        if environment.path == path and not is_interrupted(path):
            from chapbook_core.environment.virtualenv import clear_environment  # only where something went wrong

            clear_environment(path)
        raise


@contextmanager
def _renewed(session: Session, condition: Moved) -> Iterator[Environment]:
    """Make an environment anew for where its project is, and keep the old one until that has what it is to have."""
    from chapbook_core.environment.virtualenv import set_aside  # hardly a project is moved

    path, old = condition.path, condition.environment
    require_fitting(session, old)
    require_removable(path, (session.surroundings.home, session.manifest.folder))
    if is_interrupted(path):
        recover(path, session.manifest.folder)
    interpreter = interpreter_of(session, old)
    held = set(scan_site_packages(old.site_packages).distributions)
    message = f"the environment was made for `{condition.state.path}`; it is made anew here"
    session.watcher.emit(Notice("info", message, _hints(session, condition)))
    with set_aside(path):
        environment = make(session, interpreter)
        yield environment
    _tell_lost(session, sorted(held - scan_site_packages(environment.site_packages).distributions.keys()))


def _hints(session: Session, condition: Moved) -> tuple[str, ...]:
    kernel = session.surroundings.kernel
    is_orphan = kernel is not None and kernel.prefix == condition.state.path and not os.path.lexists(kernel.prefix)
    return ("restart the kernel: it runs from where the environment was",) if is_orphan else ()


def _tell_lost(session: Session, names: list[str]) -> None:
    if names:
        told = ", ".join(f"`{name}`" for name in names[:_NAMED])
        more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
        verbs = "was in it before, and is" if len(names) == 1 else "were in it before, and are"
        message = f"{told}{more} {verbs} not there any more"
        session.watcher.emit(Notice("warning", message, ("what is not locked is not put in: `chapbook add` locks it",)))

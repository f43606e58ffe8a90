"""LiveChange: an environment changes, at once or later, while a kernel may be running from it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.liveness import Live, Timing, Verdict, arrived_modules, decide, judge
from chapbook_core.environment import state
from chapbook_core.project.journal import FileChange
from chapbook_core.project.pair_writing import PairWriter
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.commands.session import Session
    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.site_packages import Distribution
    from chapbook_core.installer.plan import Plan
    from chapbook_core.installer.transaction import ProjectFile


def judged(
    session: Session,
    timing: Timing,
    environment: Environment,
    plan: Plan,
    leaving: Sequence[Distribution],
    *,
    dry_run: bool,
) -> Live | None:
    """Tell what a plan means for the running kernel, and when it is carried out; None when no kernel has a say.

    Raises Cancelled when the person would rather not have the change.
    """
    kernel = session.surroundings.kernel
    if kernel is None or not kernel.runs_in(environment.prefix):
        is_postponed = timing is Timing.NEXT_START and not plan.is_empty
        return Live(Verdict.HOT, Timing.NEXT_START) if is_postponed else None
    live = judge(kernel, environment, leaving, {package.name: package.version for package in plan.arriving})
    if dry_run:
        return live
    if plan.is_empty:
        return replace(live, timing=Timing.NOW)
    known = state.read_state(environment.path)
    agreed = () if known is None else (*known.leaving, *known.waiting)
    return decide(live, timing, session.surroundings.ask, agreed)


def postpone(session: Session, environment: Environment, plan: Plan, files: Sequence[ProjectFile]) -> None:
    """Write the files of the project alone, and note what the environment still has to give away."""
    changes = [FileChange(file.path.name, file.before, file.content) for file in files]
    if changes:
        PairWriter(session.manifest.folder).replace(changes)
    arriving = {package.name for package in plan.arriving}
    going = [name for name in plan.leaving if name not in arriving]
    state.postpone(environment.path, going, set(plan.leaving) - set(going))


def with_arrived(live: Live, session: Session, environment: Environment, plan: Plan) -> Live:
    """Add what can be imported now that the plan is carried out."""
    kernel = session.surroundings.kernel
    if kernel is None or not plan.arriving:
        return live
    asked = {requirement.name for group in session.manifest.groups for requirement in group.requirements}
    names = sorted((package.name for package in plan.arriving), key=lambda name: (name not in asked, name))
    first = [name for name in names if name in asked]
    modules, others = arrived_modules(environment, first), arrived_modules(environment, names[len(first) :])
    return live.with_arrived(modules, others, kernel, environment.path)

"""Makes editable projects ready to be put in, with or without the help of their backends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.build_failure import BuildFailed, HookMissing
from chapbook_core.builder.build_system import read_build_system
from chapbook_core.builder.editable_way import EditableWay
from chapbook_core.commands.build_sources import left_as_it_was
from chapbook_core.commands.wheel_building import check_wheel
from chapbook_core.events import Finished, Notice, Started
from chapbook_core.installer.editable import BUILT_FROM, built_from
from chapbook_core.installer.placement import WheelArrival

if TYPE_CHECKING:
    from chapbook_core.commands.building import BuildShop
    from chapbook_core.commands.editable_project import EditableProject
    from chapbook_core.installer.editable import EditableArrival
    from chapbook_core.installer.link import Linker

_TASK = "build"


def arrival_of(
    project: EditableProject, shop: BuildShop, linker: Linker, *, is_requested: bool
) -> WheelArrival | EditableArrival:
    """Make an editable project ready to be put in: run its script, or have its backend build it.

    Raises BuildFailed, and what an index failed with.
    """
    bench = shop.bench
    bench.session.watcher.emit(Started(_TASK, f"Building {project.name}"))
    try:
        if project.way is EditableWay.PATHS:
            _run_script(project, shop)
            return project.by_paths
        return _built(project, shop, linker, is_requested=is_requested)
    finally:
        bench.session.watcher.emit(Finished(_TASK, 0.0))


def _run_script(project: EditableProject, shop: BuildShop) -> None:
    script = project.script
    if script is None:
        return
    frontend = shop.bench.frontend(shop.environments(project.name, (project.name,)), is_own=True)
    if project.manifest is not None and project.manifest.poetry.generate_setup_file:
        message = "`generate-setup-file` is left out of account: the build script is run as it is"
        shop.bench.session.watcher.emit(Notice("warning", message))
    frontend.run(project.folder, f"{project.name}", [str(project.folder / script)])


def _built(
    project: EditableProject, shop: BuildShop, linker: Linker, *, is_requested: bool
) -> WheelArrival | EditableArrival:
    bench = shop.bench
    frontend = bench.frontend(shop.environments(project.name, (project.name,)), is_own=True)
    what = f"{project.name} (editable)"
    try:
        with left_as_it_was(project.folder) as tree:
            wheel = frontend.wheel(tree, what, bench.settings(project.name), kind="editable")
    except (HookMissing, BuildFailed) as problem:
        return _without_backend(project, shop, problem)
    check_wheel(bench, project.name, "", what, wheel.name)
    stored = bench.store.add(wheel, wheel.name)
    notes = {BUILT_FROM: built_from(project.key)}
    return WheelArrival(stored, project.paths, linker, is_requested, dict(project.direct_url), notes)


def _without_backend(project: EditableProject, shop: BuildShop, problem: Exception) -> EditableArrival:
    """Put it in by paths where its backend cannot; raises BuildFailed when too little is known for that."""
    try:
        backend = read_build_system(project.folder).backend
    except ValueError:
        backend = "none"
    if isinstance(problem, HookMissing):
        reason = f"its backend `{backend}` has no hook to build an editable wheel (PEP 660)"
    elif isinstance(problem, BuildFailed) and problem.is_lacking:
        reason = problem.reason
    else:
        raise problem
    if not project.can_go_by_paths:
        hints = [
            "require a backend that can, such as `setuptools>=64`",
            "or take `develop = true` out of the requirement",
        ]
        raise BuildFailed(f"{project.name} (editable)", reason, hints=hints) from None
    shop.bench.session.watcher.emit(
        Notice(
            "warning",
            f"`{project.name}` is put in by the paths of its folders, because {reason.splitlines()[0]}",
            ("what only its backend could make of it, such as compiled modules, is not there",),
        )
    )
    return project.by_paths

"""What an installation does to an environment, package by package, as a person is told it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.report import Change
from chapbook_core.installer.plan import Install, Keep, Remove, Skip, Update
from chapbook_core.requirements.version_key import version_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.installing import Installation, RootStep
    from chapbook_core.installer.plan import Step

_ROOT = "this project"


def environment_changes(installation: Installation) -> Iterator[Change]:
    """Yield the changes in their order, the project itself last."""
    for step in installation.plan.steps:
        if (change := _change(step)) is not None:
            yield change
    root = installation.root
    if root is not None and root.is_needed:
        yield _root_change(root)


def _change(step: Step) -> Change | None:
    match step:
        case Install(package):
            return Change("add", package.name, "", package.version)
        case Update(package, before, reason):
            if reason:
                return Change("reinstall", package.name, before, package.version, reason)
            is_newer = version_key(before) < version_key(package.version)
            return Change("update" if is_newer else "downgrade", package.name, before, package.version)
        case Remove(name, version):
            return Change("remove", name, version)
        case Skip(package, reason):
            return Change("skip", package.name, "", package.version, reason)
        case Keep():
            return None


def _root_change(root: RootStep) -> Change:
    if root.before is None:
        return Change("add", root.name, "", root.version, _ROOT)
    if root.before != root.version:
        return Change("update", root.name, root.before, root.version, _ROOT)
    return Change("reinstall", root.name, root.before, root.version, f"{_ROOT}, put in anew")

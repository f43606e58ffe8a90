"""What the options of groups and extras mean for a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.events import Notice
from chapbook_core.lock.wanted import Wanted, choose_extras, choose_groups
from chapbook_core.project.groups import MAIN

if TYPE_CHECKING:
    from chapbook_core.commands.command import Invocation
    from chapbook_core.events import Watcher
    from chapbook_core.project.manifest import Manifest


def read_wanted(invocation: Invocation, manifest: Manifest, watcher: Watcher, *, main_alone: bool = False) -> Wanted:
    """Read the options of `declarations.groups` as far as the command declares them.

    Without any, every group is wanted that is not optional, or with `main_alone` just the main one.

    Raises:
        UnknownGroup: The project has no such group.
        UnknownExtra: The project has no such extra.

    """
    declared = {option.name for option in invocation.command.options}

    def texts(name: str) -> tuple[str, ...]:
        return invocation.texts(name) if name in declared else ()

    def flag(name: str) -> bool:
        return name in declared and invocation.flag(name)

    only, added, left_out = texts("only"), texts("with"), texts("without")
    if only and (added or left_out):
        watcher.emit(Notice("warning", "`--only` goes before `--with` and `--without`, which are ignored"))
    every = flag("all-groups")
    groups = choose_groups(manifest.groups, with_groups=added, without=left_out, only=only, every=every)
    if main_alone and not (only or every):
        kept = choose_groups(manifest.groups, only=(MAIN, *added))
        groups &= kept
    # Poetry takes `-E "a b"` for two extras.
    extras = (extra for text in texts("extras") for extra in text.split())
    return Wanted(groups, choose_extras(manifest.extras, extras, every=flag("all-extras")))

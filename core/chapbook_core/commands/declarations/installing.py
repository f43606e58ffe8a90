"""The commands that bring the environment to what is locked."""

from __future__ import annotations

from chapbook_core.commands.command import Command, Example, Option, Writes
from chapbook_core.commands.declarations.groups import INSTALL_EXCLUSIVE, INSTALL_OPTIONS
from chapbook_core.commands.declarations.index import READING_EXCLUSIVE, READING_OPTIONS
from chapbook_core.commands.declarations.live import LIVE_EXCLUSIVE, LIVE_OPTIONS

_OPTIONS = (
    *INSTALL_OPTIONS,
    Option("no-root", "leave the project itself out"),
    Option("only-root", "put in nothing but the project itself"),
    Option("no-directory", "leave out packages that are folders, as for a layer of a container"),
    Option("reinstall", "put in anew what is there already, too; nothing that is kept is fetched again"),
    Option(
        "reinstall-package",
        "put these packages in anew, as after one of their files was changed or removed",
        value="NAME",
        repeated=True,
        commas=True,
        completes="package",
    ),
    Option("compile", "compile the modules to bytecode, which else happens when they are first imported"),
    Option("dry-run", "say what would change, and change nothing"),
    *LIVE_OPTIONS,
    Option("format", "how to print the result", value="FORMAT", choices=("text", "json")),
    *READING_OPTIONS,
)
_EXCLUSIVE = (
    *INSTALL_EXCLUSIVE,
    READING_EXCLUSIVE,
    LIVE_EXCLUSIVE,
    frozenset({"only-root", "no-root"}),
    *(frozenset({"only-root", name}) for name in ("with", "without", "only", "all-groups")),
)
_WRITES = Writes(not_with=frozenset({"dry-run"}), files=False)

INSTALL = Command(
    name="install",
    summary="Put what is locked into the environment",
    run="chapbook_core.commands.install:install",
    glance="at_a_glance",
    writes=_WRITES,
    description=(
        "The environment is made when there is none, and so is the lock. What is installed besides stays; `sync` "
        "removes it. A lock that does not belong to the project file is never renewed silently. "
        "Interrupted or failing, the command leaves the environment as it was."
    ),
    options=(*_OPTIONS, Option("sync", "remove what is not wanted; the same as the command `sync`")),
    exclusive=_EXCLUSIVE,
    examples=(
        Example("install", "put in what the project needs"),
        Example("install --with docs --extras plot", "take an optional group and an extra as well"),
        Example("install --only main --no-root", "put in only what the project needs to run"),
        Example("install --reinstall-package numpy", "repair a package whose files were changed or removed"),
    ),
)

SYNC = Command(
    name="sync",
    summary="Make the environment hold exactly what is locked",
    run="chapbook_core.commands.install:sync",
    glance="at_a_glance",
    writes=_WRITES,
    description=(
        "As `install`, and everything goes that is not wanted, except `pip` and the project itself. "
        "Interrupted or failing, the command leaves the environment as it was."
    ),
    options=_OPTIONS,
    exclusive=_EXCLUSIVE,
    examples=(
        Example("sync", "put in what the project needs, and remove everything else"),
        Example("sync --dry-run", "say what would be put in and removed"),
    ),
)

COMMANDS = (INSTALL, SYNC)

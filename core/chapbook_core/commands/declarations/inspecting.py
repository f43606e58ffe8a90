"""The commands that look at the lock and explain it."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option
from chapbook_core.commands.declarations.groups import GROUP_OPTIONS
from chapbook_core.commands.declarations.index import READING_EXCLUSIVE, READING_OPTIONS

_FORMAT = Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json"))

SHOW = Command(
    name="show",
    summary="Show the locked packages, or one of them",
    run="chapbook_core.commands.show:run",
    description=(
        "Shown is what the present environment gets; `--all` shows what is locked for others too. "
        "`(!)` marks what is not installed. With `--latest` a package alone is shown with all its versions."
    ),
    arguments=(Argument("package", "the package to show", required=False, completes="package"),),
    options=(
        *GROUP_OPTIONS,
        Option("tree", "show what requires what, as a tree", short="t"),
        Option("why", "show what requires each package; with `--tree` for one package"),
        Option("latest", "show the newest version too", short="l"),
        Option("outdated", "show only what has a newer version", short="o"),
        Option("all", "show what other environments get as well", short="a"),
        Option("top-level", "show only what the project itself requires", short="T"),
        Option("no-truncate", "do not cut lines to the width of the terminal"),
        _FORMAT,
        *READING_OPTIONS,
    ),
    exclusive=(frozenset({"tree", "top-level"}), READING_EXCLUSIVE),
    examples=(
        Example("show", "list what is locked for this environment"),
        Example("show --tree", "show what requires what"),
        Example("show numpy --latest", "show numpy with every version there is"),
        Example("show --outdated --top-level", "list what the project could update"),
    ),
)

WHY = Command(
    name="why",
    summary="Tell why a package is locked, and what holds it back",
    run="chapbook_core.commands.why:run",
    description=(
        "Shows every way from the project's requirements to the package, with the constraint of each step, "
        "and names the requirements that exclude its newest version."
    ),
    arguments=(Argument("package", "the package to explain", completes="package"),),
    options=(*GROUP_OPTIONS, _FORMAT, *READING_OPTIONS),
    exclusive=(READING_EXCLUSIVE,),
    examples=(Example("why numpy", "show what requires numpy, and what keeps it from being newer"),),
)

STATUS = Command(
    name="status",
    summary="Show what is declared, locked, installed and loaded, side by side",
    run="chapbook_core.commands.status:run",
    description=(
        "Shown are the packages that the project requires, and all others that are not as they should be. "
        "What is loaded is known in a kernel alone. Told is also which packages lack files, or have files of another "
        "size than their RECORD lists. It only looks: no index is asked, and it never fails."
    ),
    options=(
        Option("all", "show every package", short="a"),
        Option("verify", "hold the content of each installed file against its hash, too"),
        _FORMAT,
    ),
    examples=(
        Example("status", "see whether the environment is as it is locked"),
        Example("status --verify", "see whether somebody has edited an installed package"),
        Example("status --all --format json", "give every package to another program"),
    ),
)

DEBUG_RESOLVE = Command(
    name="debug resolve",
    summary="Resolve without writing anything",
    run="chapbook_core.commands.debug:resolve",
    description="Without packages it resolves the project, as if there was no lock; with packages, those alone.",
    arguments=(Argument("package", "a package, as for `add`", required=False, repeated=True, completes="package"),),
    options=(
        Option(
            "extras",
            "extras of the packages; without packages, those of the project to show",
            short="E",
            value="EXTRAS",
            repeated=True,
            commas=True,
        ),
        Option("python", "the Pythons to resolve for, as in `3.12` or `>=3.11`", value="CONSTRAINT"),
        Option("tree", "show what requires what, as a tree"),
        _FORMAT,
        *READING_OPTIONS,
    ),
    exclusive=(READING_EXCLUSIVE,),
    examples=(
        Example("debug resolve", "print the versions that `lock --regenerate` would choose"),
        Example("debug resolve pandas@^2 --python 3.12 --tree", "see what pandas brings along"),
    ),
)

COMMANDS = (STATUS, SHOW, WHY, DEBUG_RESOLVE)

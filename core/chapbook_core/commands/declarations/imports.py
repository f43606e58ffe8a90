"""The commands about what notebooks and modules import."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option

_FORMAT = Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json"))

FIND_MODULE = Command(
    name="find-module",
    summary="Tell which package brings a module",
    run="chapbook_core.commands.missing_module:run",
    description=(
        "What is installed, locked and required is looked at, then a table of well-known packages, then what you have "
        "installed before. No index is asked, and no package is proposed only because it has the name of the module."
    ),
    arguments=(Argument("module", "the module, as Python imports it"),),
    options=(_FORMAT,),
    examples=(
        Example("find-module sklearn", "tell that scikit-learn brings it"),
        Example("find-module google.cloud.storage", "tell who brings a part of a namespace"),
    ),
)

COMMANDS = (FIND_MODULE,)

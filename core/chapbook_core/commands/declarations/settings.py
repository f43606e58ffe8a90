"""The commands about settings and package sources."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option, Writes

CONFIG = Command(
    name="config",
    summary="Show or change settings",
    run="chapbook_core.commands.config:run",
    writes=Writes(only_with=frozenset({"local"})),
    description=(
        "Poetry's own settings are read too, and beaten by Chapbook's. "
        "A variable `CHAPBOOK_` + NAME beats `POETRY_` + NAME, which beats the project's poetry.toml, "
        "which beats the user's file."
    ),
    arguments=(
        Argument("key", "the setting, as in `virtualenvs.in-project`", required=False, completes="setting"),
        Argument("value", "what to set it to", required=False, repeated=True),
    ),
    options=(
        Option("list", "print every setting with its value"),
        Option("unset", "forget the setting"),
        Option("local", "write to the project's poetry.toml instead of the user's file"),
        Option("migrate", "bring old settings into today's form"),
    ),
    exclusive=(frozenset({"list", "unset", "migrate"}),),
    examples=(
        Example("config --list", "print all settings"),
        Example("config virtualenvs.in-project true --local", "set one for this project"),
        Example("config virtualenvs.in-project --unset", "go back to the default"),
    ),
)

SOURCE_ADD = Command(
    name="source add",
    summary="Add a package source to the project, or change one",
    run="chapbook_core.commands.source:add",
    writes=Writes(),
    description=(
        "Primary sources are all searched and replace the default index; supplemental ones are searched "
        "when no primary one knows a package; explicit ones serve only the packages that name them."
    ),
    arguments=(
        Argument("name", "what the project calls it", completes="source"),
        Argument("url", "the address of its simple index; not needed for the default index", required=False),
    ),
    options=(
        Option(
            "priority",
            "primary (the default), supplemental or explicit",
            short="p",
            value="PRIORITY",
            choices=("primary", "supplemental", "explicit"),
        ),
    ),
    examples=(
        Example(
            "source add --priority=explicit wheels https://example.org/simple/",
            "serve only the packages that name it",
        ),
    ),
)

SOURCE_REMOVE = Command(
    name="source remove",
    summary="Remove a package source from the project",
    run="chapbook_core.commands.source:remove",
    writes=Writes(),
    arguments=(Argument("name", "what the project calls it", completes="source"),),
    examples=(Example("source remove wheels", "forget the source `wheels`"),),
)

SOURCE_SHOW = Command(
    name="source show",
    summary="Show the project's package sources",
    run="chapbook_core.commands.source:show",
    arguments=(Argument("name", "only these", required=False, repeated=True, completes="source"),),
    options=(Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json")),),
    examples=(Example("source show", "print every source with its address and priority"),),
)

COMMANDS = (CONFIG, SOURCE_ADD, SOURCE_REMOVE, SOURCE_SHOW)

"""The command that makes a wheel of notebooks, and tries it."""

from __future__ import annotations

from chapbook_core.commands.command import Command, Example, Option, Writes

PACKAGE = Command(
    name="package",
    summary="Make a package of the notebooks here, and try it in an environment of its own",
    run="chapbook_core.commands.package:run",
    description=(
        "What exported cells import is held against what the project requires. Then both distributions are built, the "
        "wheel is installed into a passing environment that holds nothing else, every module is imported there, and "
        "all other cells of the notebooks are run against what is installed. "
        "Unless all of it goes well, nothing of the project is changed."
    ),
    options=(
        Option("name", "the name of the package; by default the project's, or that of the folder", value="NAME"),
        Option("set-version", "its version; by default the project's, or 0.1.0", value="VERSION"),
        Option("add", "require what exported cells import, without asking"),
        Option("require", "require this package too", value="PACKAGE", repeated=True, completes="package"),
        Option("no-tests", "build, install and import it, and run no cells"),
        Option("cell-timeout", "how long a cell may take", value="SECONDS"),
        Option("output", "where to put the distributions, by default `dist`", short="o", value="DIR", completes="path"),
        Option("format", "how to print the result", value="FORMAT", choices=("text", "json")),
    ),
    examples=(
        Example("package", "make a wheel of the notebooks here, and try it"),
        Example("package --name my-lib --set-version 1.0 --add -n", "ask nothing"),
        Example("package --no-tests -o /tmp/wheels", "run no cells, and put the files elsewhere"),
    ),
    writes=Writes(begins=True),
)

COMMANDS = (PACKAGE,)

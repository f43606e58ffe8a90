"""The commands about a project as a whole."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option, Writes

_DESCRIBE = (
    Option("name", "the project's name; by default that of its folder", value="NAME"),
    Option("description", "what it is, in one line", value="TEXT"),
    Option("author", "as in `Ada Lovelace <ada@example.org>`; by default git's user", value="AUTHOR"),
    Option("python", "the Pythons it is for, as in `^3.11` or `>=3.11,<3.14`", value="CONSTRAINT"),
    Option(
        "dependency",
        "a package it needs, as in `pandas` or `pandas@^2.2`",
        value="PACKAGE",
        repeated=True,
        completes="package",
    ),
    Option(
        "dev-dependency",
        "a package its developers need",
        value="PACKAGE",
        repeated=True,
        completes="package",
    ),
    Option("license", "an SPDX expression, as in `MIT`", short="l", value="LICENSE"),
)
_NOTEBOOK = (
    Option("notebook", "a project of notebooks: not a package, for one minor version of Python"),
    Option("no-notebook", "a package, even where notebooks are"),
)

NEW = Command(
    name="new",
    summary="Make a new project in a new folder",
    run="chapbook_core.commands.new:run",
    description=(
        "The folder must be new or empty. In a folder that holds notebooks the new project is one of notebooks, "
        "with a first notebook in it; elsewhere it is a package, unless told otherwise."
    ),
    arguments=(Argument("path", "the folder to make", completes="path"),),
    options=(
        Option("interactive", "ask for what is not given", short="i"),
        Option("src", "put the package below `src` (the default for packages)"),
        Option("flat", "put the package beside `pyproject.toml`"),
        *_NOTEBOOK,
        Option("notebook-package", "a package whose modules are exported from notebooks"),
        Option("readme", "the ending of the readme file, as in `md` or `rst`", value="FORMAT"),
        *_DESCRIBE,
    ),
    exclusive=(
        frozenset({"src", "flat"}),
        frozenset({"notebook", "no-notebook"}),
        *(frozenset({"notebook-package", other}) for other in ("src", "flat", "notebook", "no-notebook")),
    ),
    examples=(
        Example("new analysis --notebook", "make a folder `analysis` with a project and its first notebook"),
        Example("new my-library --flat --license MIT", "make a package"),
        Example("new my-library --notebook-package", "make a package that is written in notebooks"),
    ),
)

INIT = Command(
    name="init",
    summary="Make the present folder a project",
    run="chapbook_core.commands.init:run",
    writes=Writes(here=True),
    description=(
        "Adds to a pyproject.toml that only configures other tools, and refuses one that already describes a project. "
        "In a folder of notebooks the packages that they import are offered as dependencies. "
        "In a terminal it asks for what is not given."
    ),
    options=(
        *_NOTEBOOK,
        *_DESCRIBE,
        Option("imports", "add the packages that notebooks and modules here import, without asking"),
        Option("no-imports", "do not look at what is imported"),
        Option(
            "from",
            "a notebook, script or other file whose requirements the project begins with",
            value="FILE",
            repeated=True,
            completes="path",
        ),
    ),
    exclusive=(frozenset({"notebook", "no-notebook"}), frozenset({"imports", "no-imports"})),
    examples=(
        Example("init", "answer a few questions"),
        Example("init --no-interaction --imports", "ask nothing and take over what the notebooks import"),
        Example("init --from analysis.ipynb", "require what the notebook says or installs in its cells"),
    ),
)

VERSION = Command(
    name="version",
    summary="Show the project's version, or set the next one",
    run="chapbook_core.commands.version:run",
    writes=Writes(only_with=frozenset({"version"}), not_with=frozenset({"dry-run"})),
    description=(
        "A rule is one of major, minor, patch, premajor, preminor, prepatch, prerelease; "
        "anything else is taken as the version itself."
    ),
    arguments=(Argument("version", "a rule or a version", required=False, completes="rule"),),
    options=(
        Option("short", "print the version alone", short="s"),
        Option("dry-run", "write nothing"),
        Option("next-phase", "with `prerelease`: from alpha to beta to candidate to final"),
        Option("format", "how to print the result", value="FORMAT", choices=("text", "json")),
    ),
    examples=(
        Example("version", "print the name and the version"),
        Example("version minor", "from 1.4.2 to 1.5.0"),
    ),
)

CHECK = Command(
    name="check",
    summary="Look for mistakes in pyproject.toml, the lock and the notebooks",
    run="chapbook_core.commands.check:run",
    writes=Writes(only_with=frozenset({"fix"})),
    description=(
        "Every mistake is told at once. Warnings fail only with `--strict`; remarks are shown with `-v`. "
        "`--imports` holds every import of notebooks and modules against what the project requires instead."
    ),
    options=(
        Option("lock", "a lock file must exist; an existing one is checked in any case"),
        Option("deep", "hold the lock against every platform, Python and extra it is for"),
        Option("strict", "fail on warnings too"),
        Option("imports", "look at imports: what is not required, only there by chance, or required and not imported"),
        Option("fix", "with `--imports`: require what is certainly missing; nothing is removed"),
        Option("format", "how to print the result", value="FORMAT", choices=("text", "json")),
    ),
    examples=(
        Example("check", "look for mistakes"),
        Example("check --lock --strict", "what a continuous integration should run"),
        Example("check --lock --deep", "look whether what is locked fits together everywhere"),
        Example("check --imports --fix", "require what notebooks and modules import"),
    ),
)

ABOUT = Command(
    name="about",
    summary="Say what Chapbook is and where it keeps its things",
    run="chapbook_core.commands.about:run",
    options=(Option("format", "how to print the result", value="FORMAT", choices=("text", "json")),),
    examples=(Example("about", "print versions and folders"),),
)

HELP = Command(
    name="help",
    summary="Show the help of a command",
    run="chapbook_core.commands.help:run",
    arguments=(Argument("command", "the command", required=False, repeated=True, completes="command"),),
    examples=(Example("help version", "the same as `chapbook version --help`"),),
)

LIST = Command(
    name="list",
    summary="List the commands",
    run="chapbook_core.commands.help:run_list",
    examples=(Example("list", "print every command with its summary"),),
)

COMMANDS = (NEW, INIT, VERSION, CHECK, ABOUT, HELP, LIST)

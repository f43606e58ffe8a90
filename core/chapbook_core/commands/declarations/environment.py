"""The commands about the project's environment, and what runs in it."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option, Writes

ENV_INFO = Command(
    name="env info",
    summary="Show the environment that the project uses",
    run="chapbook_core.commands.env:info",
    options=(
        Option("path", "print only its path", short="p"),
        Option("executable", "print only the path of its Python", short="e"),
        Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json")),
    ),
    exclusive=(frozenset({"path", "executable"}),),
    examples=(
        Example("env info", "show path, Python and number of packages"),
        Example("env info --path", "print the path for a script; fail when there is no environment"),
    ),
)
ENV_LIST = Command(
    name="env list",
    summary="List the environments of the project",
    run="chapbook_core.commands.env:list_all",
    options=(
        Option("full-path", "show paths instead of names"),
        Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json")),
    ),
    examples=(Example("env list --full-path", "show where they are"),),
)
ENV_USE = Command(
    name="env use",
    summary="Make the environment of a Python, and use it",
    run="chapbook_core.commands.env:use",
    writes=Writes(files=False, environment=False),
    description=(
        "`system` stands for the Python that the project would get by itself. An environment of another Python in the "
        "same place is replaced; anything that is no environment stays, and the command fails."
    ),
    arguments=(Argument("python", "a version, the path or name of a program, or `system`"),),
    options=(Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json")),),
    examples=(
        Example("env use 3.12", "make the environment with the newest Python 3.12 there is"),
        Example("env use /opt/python/bin/python3", "make it with this Python"),
        Example("env use system", "make it with the Python that suits the project best"),
    ),
)
ENV_REMOVE = Command(
    name="env remove",
    summary="Remove environments of the project",
    run="chapbook_core.commands.env:remove",
    writes=Writes(files=False, environment=False),
    description=(
        "Only what is an environment of this project is removed: no link, no repository, "
        "and not the one that Chapbook runs from."
    ),
    arguments=(
        Argument("python", "the name of an environment, or the version of its Python", required=False, repeated=True),
    ),
    options=(Option("all", "remove all of them"),),
    examples=(
        Example("env remove .venv", "remove the environment in the project's folder"),
        Example("env remove 3.12", "remove that of Python 3.12"),
        Example("env remove --all", "remove all"),
    ),
)
ENV_ACTIVATE = Command(
    name="env activate",
    summary="Print what activates the environment in a shell",
    run="chapbook_core.commands.env:activate",
    description="Without a name it is for the shell that the variable SHELL names.",
    arguments=(
        Argument(
            "shell",
            "the shell",
            required=False,
            choices=("bash", "zsh", "sh", "fish", "csh", "tcsh", "nu", "powershell", "pwsh", "cmd", "xonsh"),
        ),
    ),
    examples=(
        Example("env activate", "print the words; `eval $(chapbook env activate)` follows them in bash and zsh"),
        Example("env activate fish", "print those for fish"),
    ),
)
RUN = Command(
    name="run",
    summary="Run a program, a script or a task in the environment",
    run="chapbook_core.commands.run:run",
    description=(
        "A task of `[tool.chapbook.tasks]` comes first, then a script of the project, which need not be installed, "
        "then a program of the environment, then one on `PATH`. The exit status is that of the program. "
        "Without words it lists tasks and scripts. A notebook, also one that a task names, is run from top to bottom "
        "in the kernel of its project; `chapbook run report.ipynb --help` tells its options."
    ),
    arguments=(
        Argument(
            "words", "the program and its own words", required=False, repeated=True, verbatim=True, completes="program"
        ),
    ),
    examples=(
        Example("run python analysis.py", "run a file with the environment's Python"),
        Example("run pytest -x", "run a program of the environment"),
        Example("run report.ipynb -o out.ipynb -p year=2026", "run a notebook with another year, and keep its outputs"),
        Example("run", "list the tasks and scripts"),
    ),
)
SHELL = Command(
    name="shell",
    summary="Start a shell with the environment active",
    run="chapbook_core.commands.shell:run",
    examples=(Example("shell", "start the shell that the variable SHELL names; `exit` leaves it"),),
)

COMMANDS = (RUN, SHELL, ENV_INFO, ENV_LIST, ENV_USE, ENV_REMOVE, ENV_ACTIVATE)

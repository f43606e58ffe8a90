"""The command that opens a project in JupyterLab."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option

LAB = Command(
    name="lab",
    summary="Open the project in JupyterLab, with its kernel",
    run="chapbook_kernelspec.lab:run",
    description=(
        "It opens the first notebook of the folder. Notebooks run in the kernel of their project, also those that were "
        "saved with the kernel `python3`. The project is trusted from here on. Needs the extra `lab`."
    ),
    arguments=(
        Argument("path", "a folder, or a notebook to open; by default the present folder", required=False),
        Argument("words", "what else JupyterLab is started with, behind `--`", required=False, repeated=True),
    ),
    options=(
        Option("no-browser", "only start the server, and print its address"),
        Option("port", "the server's port", value="NUMBER"),
    ),
    examples=(
        Example("lab", "open the project of this folder"),
        Example("lab study --port 9000", "open the project in `study`, with the server on this port"),
        Example("lab . -- --ip=0.0.0.0", "hand JupyterLab an option of its own"),
    ),
)

COMMANDS = (LAB,)

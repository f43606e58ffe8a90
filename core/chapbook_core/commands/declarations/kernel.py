"""The commands about kernels that Jupyter and editors list, and about notebooks that are run without them.

What they do is done by `chapbook_kernelspec`, which stands on the core: it is named here and never imported.
"""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option

_FORMAT = Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json"))
_PREFIX = Option(
    "prefix",
    "look also into the environment of this folder",
    value="FOLDER",
    repeated=True,
    completes="path",
)

KERNEL_INSTALL = Command(
    name="kernel install",
    summary="List the project's kernel in Jupyter and editors",
    run="chapbook_kernelspec.kernel_commands:install",
    description=(
        "The kernel `Project (Chapbook)`, which comes with Chapbook, finds the project by the folder of the notebook. "
        "This one is of one project wherever the notebook is: for tools that know a kernel by its name, "
        "and for a Jupyter that is installed elsewhere."
    ),
    options=(
        Option("user", "for this person, in every Jupyter; the default"),
        Option("sys-prefix", "in the environment that Chapbook is installed in"),
        Option("prefix", "in the environment of this folder", value="FOLDER", completes="path"),
        Option("in-project", "in the project's own environment, where editors look"),
        Option("generic", "the kernel that finds the project by the notebook's folder, instead of this project's"),
        Option("name", "what tools call it; by default made of the project's name and place", value="NAME"),
        Option("display-name", "what people read; by default `Python (PROJECT)`", value="TEXT"),
        _FORMAT,
    ),
    exclusive=(
        frozenset({"user", "sys-prefix", "prefix", "in-project"}),
        frozenset({"generic", "in-project"}),
    ),
    examples=(
        Example("kernel install", "list it for this person"),
        Example("kernel install --in-project", "write it into the project's .venv, where VS Code finds it"),
        Example("kernel install --generic --prefix ~/jupyter", "let a Jupyter that is elsewhere start project kernels"),
    ),
)
KERNEL_LIST = Command(
    name="kernel list",
    summary="List the kernels that Chapbook has written",
    run="chapbook_kernelspec.kernel_commands:list_all",
    options=(_PREFIX, _FORMAT),
    examples=(Example("kernel list", "show their projects, and which of them cannot start"),),
)
KERNEL_REMOVE = Command(
    name="kernel remove",
    summary="Remove a kernel that Chapbook has written",
    run="chapbook_kernelspec.kernel_commands:remove",
    description="The project and its environment stay. Kernels that others have made are not touched.",
    arguments=(Argument("name", "what `kernel list` calls it"),),
    options=(_PREFIX,),
    examples=(Example("kernel remove chapbook-demo-1a2b3c4d", "remove this one"),),
)
KERNEL_PRUNE = Command(
    name="kernel prune",
    summary="Remove the kernels whose project or environment is gone",
    run="chapbook_kernelspec.kernel_commands:prune",
    description="Only what Chapbook has written is looked at.",
    options=(Option("dry-run", "only say what would be removed"), _PREFIX, _FORMAT),
    examples=(
        Example("kernel prune --dry-run", "see which cannot start any more"),
        Example("kernel prune", "remove them"),
    ),
)

COMMANDS = (KERNEL_INSTALL, KERNEL_LIST, KERNEL_REMOVE, KERNEL_PRUNE)

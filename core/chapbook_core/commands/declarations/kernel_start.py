"""The command that makes a project ready for a kernel; kernels that start run it themselves."""

from __future__ import annotations

from chapbook_core.commands.command import Command, Example, Option, Writes
from chapbook_core.commands.declarations.groups import EXTRAS, WITH
from chapbook_core.commands.declarations.index import READING_EXCLUSIVE, READING_OPTIONS

KERNEL_PREPARE = Command(
    name="kernel prepare",
    summary="Install what is locked, and get what a kernel needs besides",
    run="chapbook_core.commands.kernel_preparation:prepare",
    writes=Writes(),
    description=(
        "A project need not have ipykernel: one that works beside what is locked is kept apart, shared by all projects "
        "that it fits, and seen by the kernel alone. Starting a kernel does the same when something has changed; "
        "beforehand it spares the first start the wait, for example in an image."
    ),
    options=(
        WITH,
        EXTRAS,
        Option("format", "how to print the result", value="FORMAT", choices=("text", "json")),
        *READING_OPTIONS,
    ),
    exclusive=(READING_EXCLUSIVE,),
    examples=(
        Example("kernel prepare", "make the next start of a kernel a quick one"),
        Example("kernel prepare --with training", "do so for a notebook that wants this group"),
    ),
)

COMMANDS = (KERNEL_PREPARE,)

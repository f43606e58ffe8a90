"""The command about which projects a person trusts."""

from __future__ import annotations

from chapbook_core.commands.command import Command, Example, Option

TRUST = Command(
    name="trust",
    summary="Let kernels install what this project locks, by themselves",
    run="chapbook_core.commands.trust:run",
    description=(
        "The kernel of a trusted project brings the environment up to date before it starts. "
        "A project that you made, or whose environment you have changed, is trusted already; "
        "one that came from elsewhere is not, nor is anything that takes the place of a trusted one."
    ),
    options=(
        Option("remove", "trust it no more"),
        Option("list", "list the projects that you trust"),
        Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json")),
    ),
    exclusive=(frozenset({"remove", "list"}),),
    examples=(
        Example("trust", "trust the project of this folder"),
        Example("trust --remove", "trust it no more"),
        Example("trust --list", "list all, and which of them are gone"),
    ),
)

COMMANDS = (TRUST,)

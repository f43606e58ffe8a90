"""The command that writes the modules of notebooks into files."""

from __future__ import annotations

from chapbook_core.commands.command import Command, Example, Option, Writes

EXPORT_MODULES = Command(
    name="export-modules",
    summary="Write the modules that the project's notebooks export into files",
    run="chapbook_core.commands.export_modules:run",
    description=(
        "Builds and editable installations make these modules by themselves, so nothing needs them as files; "
        "this is for those who want to read, review or commit them. "
        "A file that a person has written or edited is never replaced."
    ),
    options=(Option("check", "write nothing; fail when the files differ from the notebooks"),),
    examples=(
        Example("export-modules", "write every module that differs from its notebook"),
        Example("export-modules --check", "let a hook or a pipeline see whether that is needed"),
    ),
    writes=Writes(not_with=frozenset({"check"}), files=False),
)

COMMANDS = (EXPORT_MODULES,)

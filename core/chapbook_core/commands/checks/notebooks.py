"""The notebooks of a project."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.project.distribution_names import distribution_of
from chapbook_core.project.notebook_imports import find_imports
from chapbook_core.project.notebook_text import KERNEL_NAME
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.commands.checks.subject import Subject


def check(subject: Subject) -> Iterator[Finding]:
    """Look for notebooks that cannot be read, run in another kernel, or import what nobody installs."""
    imports = find_imports(subject.folder)
    unread = {file.file: file.reason for file in imports.unread}
    for file, reason in unread.items():
        yield Finding(
            Severity.WARNING, reason, (), "its imports are not looked at; mend it, or move it away", file=file
        )
    for file in imports.notebooks:
        if file not in unread:
            yield from _kernel(subject.folder, file)
    required = {requirement.name for group in subject.manifest.groups for requirement in group.requirements}
    own = {canonical_name(subject.manifest.name)} if subject.manifest.name else set()
    told: set[str] = set()
    for found in imports.found:
        distribution = distribution_of(found.name)
        if distribution is None or distribution in required | own | told:
            continue
        told.add(distribution)
        message = f"imports `{found.name.partition('.')[0]}`, which the project does not require"
        yield Finding(Severity.REMARK, message, (), f"run `chapbook add {distribution}`", file=found.files[0])


def _kernel(folder: Path, file: str) -> Iterator[Finding]:
    notebook = json.loads((folder / file).read_bytes())
    metadata = notebook.get("metadata") if isinstance(notebook, dict) else None
    kernel = metadata.get("kernelspec") if isinstance(metadata, dict) else None
    name = kernel.get("name") if isinstance(kernel, dict) else None
    hint = f"choose the kernel of the project, `{KERNEL_NAME}`, in the notebook and save it"
    if name is None:
        yield Finding(Severity.REMARK, "names no kernel", (), hint, file=file)
    elif name != KERNEL_NAME:
        # JSON can tell half a character, which nobody can print.
        shown = str(name).encode(errors="replace").decode()
        yield Finding(Severity.REMARK, f"runs in the kernel `{shown}`, not in that of the project", (), hint, file=file)

"""`environment.yml`: conda brings Python, pip brings the locked packages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.lock.requirements_format import requirement_line
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.export_formats.subject import Subject


def environment_text(subject: Subject) -> str:
    """Return the text of the file; pip's part has no hashes, which conda does not hand on."""
    return "\n".join([*_lines(subject), ""])


def _lines(subject: Subject) -> Iterator[str]:
    manifest = subject.manifest
    yield f"name: {canonical_name(manifest.name or manifest.folder.name)}"
    yield "channels:"
    yield "  - conda-forge"
    yield "dependencies:"
    yield f"  - python={subject.python_name}"
    yield "  - pip"
    entries = [
        requirement_line(package, condition.text(subject.python), manifest.folder)
        for package, condition in subject.packages()
    ]
    if entries:
        yield "  - pip:"
        for entry in (*subject.options, *entries):
            yield f"      - {_quoted(entry)}"


def _quoted(text: str) -> str:
    """Return a text as YAML takes it, in quotes unless it cannot be mistaken for anything else."""
    if text.replace("=", "").replace("-", "").replace(".", "").replace("_", "").isalnum() and not text.startswith("-"):
        return text
    doubled = text.replace("'", "''")
    return f"'{doubled}'"

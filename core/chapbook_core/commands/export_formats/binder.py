"""Binder: the folder `.binder`, from which a server makes the project's environment for anybody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.errors import ChapbookError
from chapbook_core.pattern import late_pattern
from chapbook_core.project.notebook_text import KERNEL_NAME, KERNEL_TITLE
from chapbook_core.project.writing import WriteFailed, write_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from chapbook_core.commands.export_formats.subject import Subject

FOLDER = ".binder"
_MARK = "# Made by `chapbook export --format binder`; make it anew when the lock changes."
_RUNTIME = late_pattern(r"python-\d+\.\d+\n?")
# Any of these makes repo2docker ignore `requirements.txt`.
_STRONGER = ("environment.yml", "Dockerfile", "Pipfile", "Pipfile.lock")
_EXECUTABLE = 0o755


class ForeignFiles(ChapbookError):
    """What is in the folder was not made here."""

    def __init__(self, folder: Path, names: list[str]) -> None:
        shown = ", ".join(f"`{folder / name}`" for name in names)
        super().__init__(f"Chapbook has not made {shown}", hints=["move it away, or write over it with `--force`"])


class Overruled(ChapbookError):
    """Binder would look at another file and pass over what is written here."""

    def __init__(self, path: Path) -> None:
        super().__init__(f"Binder would follow `{path}` and nothing else", hints=["move it away"])


def binder_files(subject: Subject) -> Mapping[str, str]:
    """Return the files of the folder; hashes are in it when each package can have one, as pip asks for all or none."""
    requirements = subject.requirements(hashes=subject.hashes and not subject.unhashed())
    lines = [
        "#!/bin/bash",
        _MARK,
        "set -euo pipefail",
    ]
    if subject.manifest.package_mode:
        lines.append("python -m pip install --no-deps .")
    lines += [
        "# The kernel that the notebooks ask for.",
        f'python -m ipykernel install --sys-prefix --name {KERNEL_NAME} --display-name "{KERNEL_TITLE}"',
    ]
    return {
        "requirements.txt": f"{_MARK}\n{requirements}",
        "runtime.txt": f"python-{subject.python_name}\n",
        "postBuild": "\n".join([*lines, ""]),
    }


def write_binder(folder: Path, files: Mapping[str, str], *, force: bool) -> None:
    """Write the folder; raises ForeignFiles before anything is written, unless that is what is wanted."""
    for path in (*(folder / name for name in _STRONGER), folder.parent / "binder"):
        if path.exists() and path != folder:
            raise Overruled(path)
    foreign = [name for name in files if _is_foreign(folder / name)]
    if foreign and not force:
        raise ForeignFiles(folder, foreign)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as cause:
        raise WriteFailed(folder, cause) from cause
    for name, text in files.items():
        write_file(folder / name, text.encode(), mode=_EXECUTABLE if name == "postBuild" else None)


def _is_foreign(file: Path) -> bool:
    try:
        text = file.read_text("utf-8")
    except FileNotFoundError:
        return False
    except (OSError, UnicodeDecodeError):
        return True
    return _MARK not in text and not (file.name == "runtime.txt" and _RUNTIME.fullmatch(text))

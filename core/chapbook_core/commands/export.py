"""Write the lock in the format of another tool."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.commands.export_formats.subject import Subject, chosen_minor
from chapbook_core.commands.index_mode import index_mode
from chapbook_core.commands.lock import check_lock
from chapbook_core.commands.newer_lock import warn_of_newer_lock
from chapbook_core.commands.report import Block, Line, Message, Result, Span, Verbatim
from chapbook_core.commands.session import open_session
from chapbook_core.commands.wanted import read_wanted
from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.lock.poetry_reader import read_lock
from chapbook_core.lock.requirements_format import format_constraints
from chapbook_core.lock.selection import says_groups
from chapbook_core.pattern import late_pattern
from chapbook_core.project.writing import write_file
from chapbook_core.requirements.marker import NEVER, Marker, python_marker
from chapbook_core.value import field, frozen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.surroundings import Surroundings
    from chapbook_core.events import Watcher

_DEFAULT = "requirements.txt"
_CHOICES = ("with", "without", "only", "all-groups", "extras", "all-extras")
_PYLOCK_NAME = late_pattern(r"pylock(?:\.[^.]+)?\.toml")
"""What PEP 751 asks for; installers take nothing else for a lock."""
_PUBLIC = frozenset({"Dockerfile", "binder"})


class LockTooOld(ChapbookError):
    """The lock does not say which group needs a package."""

    def __init__(self, file: Path, lock_version: str) -> None:
        super().__init__(
            f"{file} has the format {lock_version}, which does not say which packages belong to which group",
            hints=["run `chapbook lock` to write it in the format of today"],
        )


@frozen
class Exported(Result):
    """What was written, or what is to be shown."""

    format: str
    paths: tuple[Path, ...] = ()
    """The files that were written; none when the text itself is the result."""
    text: str = field(default="", repr=False)
    warnings: tuple[Message, ...] = ()

    def report(self) -> tuple[Block, ...]:
        """Show the text, or name the files."""
        if not self.paths:
            return (Verbatim(self.text), *self.warnings)
        return (*(Line(("Wrote ", Span(str(path), "strong"))) for path in self.paths), *self.warnings)


def run(invocation: Invocation, surroundings: Surroundings, watcher: Watcher) -> Exported:
    """Write a format to a file, or give its text back."""
    session = open_session(surroundings, watcher)
    name = invocation.text("format") or _DEFAULT
    if name in _PUBLIC and invocation.flag("with-credentials"):
        raise UsageError(f"`--with-credentials` would hand the logins to everybody who gets the {name}")
    check_lock(session)
    subject = _subject(invocation, session)
    if name == "binder":
        return _export_binder(invocation, session, subject)
    output = invocation.text("output")
    path = surroundings.folder / Path(output).expanduser() if output else None
    if path is not None and name == "pylock.toml" and not _PYLOCK_NAME.fullmatch(path.name):
        raise UsageError(
            f"no installer would read `{path.name}`", hints=["call it `pylock.toml` or `pylock.NAME.toml`"]
        )
    text = _text(name, invocation, session, subject, path)
    warnings = tuple(_warnings(name, subject))
    if path is None:
        return Exported(name, text=text, warnings=warnings)
    write_file(path, text.encode())
    return Exported(name, (path,), warnings=warnings)


def _subject(invocation: Invocation, session: Session) -> Subject:
    lock = read_lock(session.lock_file.read_text("utf-8"), session.lock_file)
    warn_of_newer_lock(lock, session.watcher)
    if not says_groups(lock):
        raise LockTooOld(session.lock_file, lock.lock_version)
    manifest = session.manifest
    options: tuple[str, ...] = ()
    if not invocation.flag("without-urls"):
        # Knowing the default index costs a look at pip's settings.
        from chapbook_core.commands.export_formats.index_options import index_options

        options = index_options(session, lock, with_credentials=invocation.flag("with-credentials"))
    return Subject(
        manifest=manifest,
        lock=lock,
        wanted=read_wanted(invocation, manifest, session.watcher, main_alone=True),
        python=_environments(session),
        options=options,
        hashes=not invocation.flag("without-hashes"),
        minor=chosen_minor(manifest.python, session.surroundings.python),
    )


def _environments(session: Session) -> Marker:
    chosen = NEVER
    for environment in session.wishes.environments:
        chosen |= environment
    python = python_marker(session.manifest.python)
    return python & chosen if session.wishes.environments else python


def _text(name: str, invocation: Invocation, session: Session, subject: Subject, path: Path | None) -> str:
    match name:
        case "constraints.txt":
            return format_constraints(
                subject.lock,
                subject.wanted,
                folder=subject.manifest.folder,
                python=subject.python,
                options=subject.options,
            )
        case "pylock.toml":
            # This one alone asks the indexes.
            from chapbook_core.commands.export_formats.pylock import pylock_text

            folder = path.parent.resolve() if path is not None else subject.manifest.folder
            is_open = not any(invocation.values.get(choice) for choice in _CHOICES)
            return pylock_text(session, subject, index_mode(invocation), is_open=is_open, folder=folder)
        case "environment.yml":
            from chapbook_core.commands.export_formats.environment import environment_text  # a format of many

            return environment_text(subject)
        case "Dockerfile":
            from chapbook_core.commands.export_formats.dockerfile import dockerfile_text  # likewise

            return dockerfile_text(subject)
        case "poetry.lock":
            return session.lock_file.read_text("utf-8")
        case _:
            return subject.requirements(hashes=subject.hashes)


def _export_binder(invocation: Invocation, session: Session, subject: Subject) -> Exported:
    from chapbook_core.commands.export_formats.binder import FOLDER, binder_files, write_binder  # one format of many

    output = invocation.text("output")
    folder = session.surroundings.folder / Path(output).expanduser() if output else subject.manifest.folder / FOLDER
    files: Mapping[str, str] = binder_files(subject)
    write_binder(folder, files, force=invocation.flag("force"))
    warnings = tuple(_warnings("binder", subject))
    return Exported("binder", tuple(folder / name for name in files), warnings=warnings)


def _warnings(name: str, subject: Subject) -> Iterator[Message]:
    unhashed = subject.unhashed()
    if name == "requirements.txt" and subject.hashes and unhashed:
        names = ", ".join(f"`{one}`" for one in unhashed)
        yield Message(
            "warning",
            f"no hash can be held against {names}, and pip installs all packages with hashes or none",
            ("use `--without-hashes`, or install with uv",),
        )
    if name == "constraints.txt":
        for package, _ in subject.packages():
            if package.develop:
                yield Message("warning", f"`{package.name}` is left out: constraints cannot name an editable folder")
    if name == "Dockerfile" and not _is_ignored(subject.manifest.folder / ".dockerignore"):
        yield Message(
            "warning",
            "the whole folder is copied into the image, `.venv` included",
            ("write `.venv` and `.git` into a file `.dockerignore`",),
        )


def _is_ignored(file: Path) -> bool:
    try:
        return ".venv" in file.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return False

"""From the options of `new` and `init`, and the answers of a person, to the outline of a project."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from chapbook_core.errors import ChapbookError, UsageError
from chapbook_core.project.author import Author, git_author, parse_author
from chapbook_core.project.scaffold import Layout, Outline, default_requires_python, name_of_folder
from chapbook_core.requirements.name import checked_name
from chapbook_core.value import field, mutable, replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from chapbook_core.commands.command import Invocation
    from chapbook_core.commands.surroundings import Asker, Surroundings
    from chapbook_core.requirements.requirement import Requirement

T = TypeVar("T")

_NOBODY = "n"
"""What a person answers to name no author, as in Poetry."""


@mutable
class _Mistakes:
    """What is wrong with the values of a call, told all at once."""

    messages: list[str] = field(default_factory=list)
    hints: list[str] = field(default_factory=list)

    def attempt(self, option: str, text: str, read: Callable[[str], T], instead: T) -> T:
        """Return what `read` makes of the text, or note what is wrong with it."""
        try:
            return read(text)
        except ChapbookError as error:
            self.messages.append(f"`{option}`: {error.message}")
            self.hints.extend(error.hints)
            return instead

    def raise_all(self) -> None:
        """Raise if there are any."""
        if self.messages:
            raise UsageError("\n".join(self.messages), hints=dict.fromkeys(self.hints))


def read_outline(invocation: Invocation, surroundings: Surroundings, folder: Path, layout: Layout) -> Outline:
    """Make an outline of what was typed, and defaults for the rest; raises UsageError with every mistake."""
    mistakes = _Mistakes()
    name = invocation.text("name")
    # A name with dots also says how packages lie in packages, which its normal form no longer does.
    package = (name or folder.name) if "." in (name or folder.name) else ""
    python = invocation.text("python")
    author = invocation.text("author")
    license_text = invocation.text("license")
    authors: tuple[Author, ...] = ()
    if author is not None:
        authors = (mistakes.attempt("--author", author, parse_author, Author()),)
    elif known := git_author(_existing(folder), surroundings.variables):
        authors = (known,)
    outline = Outline(
        name=mistakes.attempt("--name", name, checked_name, "") if name is not None else name_of_folder(folder.name),
        layout=layout,
        package=package.replace("-", "_"),
        description=" ".join((invocation.text("description") or "").split()),
        authors=authors,
        license=mistakes.attempt("--license", license_text, read_license, "") if license_text else "",
        requires_python=(
            mistakes.attempt("--python", python, read_python, "")
            if python is not None
            else default_requires_python(surroundings.python, layout)
        ),
        dependencies=_requirements(mistakes, "dependency", invocation, surroundings),
        dev_dependencies=_requirements(mistakes, "dev-dependency", invocation, surroundings),
    )
    mistakes.raise_all()
    return outline


def ask_outline(outline: Outline, ask: Asker, surroundings: Surroundings, given: Iterable[str]) -> Outline:
    """Let a person say what the options did not; `given` are the names of those that did."""
    given = frozenset(given)

    def text(question: str, default: str, read: Callable[[str], object]) -> str:
        return ask.ask(question, default, lambda answer: _mistake(answer, read))

    if "name" not in given:
        outline = replace(outline, name=checked_name(text("name", outline.name, checked_name)))
    outline = replace(outline, version=text("version", outline.version, _read_version))
    if "description" not in given:
        outline = replace(outline, description=ask.ask("description", outline.description))
    if "author" not in given:
        known = ", ".join(str(author) for author in outline.authors)
        answer = text(f"author (`{_NOBODY}` for none)", known or _NOBODY, _read_author_or_nobody)
        outline = replace(outline, authors=() if answer == _NOBODY else (parse_author(answer),))
    if "license" not in given:
        answer = text("license (an SPDX expression, or nothing)", outline.license, _read_license_or_none)
        outline = replace(outline, license=read_license(answer) if answer else "")
    if "python" not in given:
        outline = replace(outline, requires_python=read_python(text("python", outline.requires_python, read_python)))
    if "dependency" not in given:
        more = _ask_requirements("package it needs, as in `pandas@^2.2` (nothing to go on)", ask, surroundings)
        outline = replace(outline, dependencies=(*outline.dependencies, *more))
    if "dev-dependency" not in given:
        more = _ask_requirements("package its developers need (nothing to go on)", ask, surroundings)
        outline = replace(outline, dev_dependencies=(*outline.dev_dependencies, *more))
    return outline


def read_python(text: str) -> str:
    """Return the Requires-Python that a constraint means; as typed when it is one already."""
    # A new project mostly goes without reading constraints.
    from chapbook_core.requirements.constraint import parse_constraint

    constraint = parse_constraint(text)
    if constraint.is_any:
        return ""
    if constraint.is_empty:
        raise ChapbookError(f"no Python is in `{text}`", hints=["write the Pythons as in `^3.11` or `>=3.11,<3.14`"])
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        SpecifierSet(text)
    except InvalidSpecifier:
        return constraint.specifier_text()
    return text


def read_license(text: str) -> str:
    """Return an SPDX expression in its normal form."""
    # The list of licences is long.
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return canonicalize_license_expression(text)
    except InvalidLicenseExpression as cause:
        hints = ["write one as in `MIT`, `Apache-2.0` or `MIT OR Apache-2.0`, or `LicenseRef-Mine` for your own"]
        raise ChapbookError(f"`{text}` is not an SPDX licence expression", hints=hints) from cause


def read_requirement(text: str, surroundings: Surroundings) -> Requirement:
    """Return the package that a person names; a path is relative to where the person is."""
    # A new project mostly goes without requirements.
    from chapbook_core.requirements.argument import parse_argument
    from chapbook_core.requirements.origin import DirectoryOrigin, FileOrigin

    requirement = parse_argument(text, surroundings.folder, home=surroundings.home)
    match requirement.origin:
        case FileOrigin() | DirectoryOrigin() as origin:
            return replace(requirement, origin=replace(origin, path=surroundings.folder / origin.path))
        case _:
            return requirement


def _requirements(
    mistakes: _Mistakes, name: str, invocation: Invocation, surroundings: Surroundings
) -> tuple[Requirement, ...]:
    def read(text: str) -> Requirement | None:
        return read_requirement(text, surroundings)

    read_all = (mistakes.attempt(f"--{name}", text, read, None) for text in invocation.texts(name))
    return tuple(requirement for requirement in read_all if requirement is not None)


def _ask_requirements(question: str, ask: Asker, surroundings: Surroundings) -> list[Requirement]:
    def read(text: str) -> Requirement | None:
        return read_requirement(text, surroundings) if text else None

    found = []
    while requirement := read(ask.ask(question, "", lambda answer: _mistake(answer, read))):
        found.append(requirement)
    return found


def _read_author_or_nobody(text: str) -> Author | None:
    return None if text == _NOBODY else parse_author(text)


def _read_license_or_none(text: str) -> str:
    return read_license(text) if text else ""


def _read_version(text: str) -> str:
    from chapbook_core.project.version import parse_version  # only when somebody is asked

    return str(parse_version(text))


def _mistake(answer: str, read: Callable[[str], object]) -> str | None:
    try:
        read(answer)
    except ChapbookError as error:
        return "\n".join([error.message, *(f"hint: {hint}" for hint in error.hints)])
    return None


def _existing(folder: Path) -> Path:
    return next((path for path in (folder, *folder.parents) if path.is_dir()), folder)

"""The modules that a package is built of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.checks.subject import Finding, Severity
from chapbook_core.project.standard_modules import STANDARD_MODULES, hidden_by_python

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.commands.checks.subject import Subject
    from chapbook_core.project.layout import Path as Place

_BUILD_SYSTEM = 'add [build-system] with `requires = ["poetry-core>=2.0.0,<3.0.0"]`'
_NO_PACKAGE = "or write `package-mode = false` under [tool.poetry] if the project is no package"


def check(subject: Subject) -> Iterator[Finding]:
    """Look for packages that are not where they are said to be."""
    if not subject.manifest.package_mode:
        return
    declared = subject.manifest.poetry.packages
    for index, package in enumerate(declared):
        folder = subject.folder / (package.source or "")
        if not package.include.startswith(("/", "..")) and not any(folder.glob(package.include)):
            place = ("tool", "poetry", "packages", index)
            message = f"there is no `{package.include}` in `{package.source or '.'}`"
            yield Finding(Severity.ERROR, message, place, f"correct the name, {_NO_PACKAGE}")
        yield from _hidden(package.include.removesuffix(".py"), ("tool", "poetry", "packages", index))
    backend = subject.value("build-system", "build-backend")
    if backend is None:
        message = "the project is a package, but nothing says how to build it"
        yield Finding(Severity.WARNING, message, (), f"{_BUILD_SYSTEM}, {_NO_PACKAGE}")
    is_poetry = isinstance(backend, str) and backend.startswith("poetry.")
    if is_poetry and not declared and subject.manifest.name and not _is_found(subject, subject.manifest.name):
        module = _module(subject.manifest.name)
        message = f"the project is a package, but there is no `{module}` here or in `src`"
        yield Finding(Severity.WARNING, message, (), f"make `{module}/__init__.py`, {_NO_PACKAGE}")
    elif is_poetry and not declared and subject.manifest.name:
        yield from _hidden(_module(subject.manifest.name), ())


def _hidden(module: str, place: Place) -> Iterator[Finding]:
    if module in STANDARD_MODULES:
        yield Finding(Severity.WARNING, hidden_by_python(module), place, "give the module another name")


def _module(name: str) -> str:
    return name.replace("-", "_").replace(".", "_").lower()


def _is_found(subject: Subject, name: str) -> bool:
    places = [subject.folder / base / _module(name) for base in ("", "src")]
    return any(place.is_dir() or place.with_suffix(".py").is_file() for place in places)

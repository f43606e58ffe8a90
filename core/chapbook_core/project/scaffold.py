"""The files of a new project, from a few words about it."""

from __future__ import annotations

import keyword
import unicodedata
from enum import Enum
from typing import TYPE_CHECKING

from chapbook_core.pattern import late_pattern
from chapbook_core.project.discovery import PROJECT_FILE
from chapbook_core.project.notebook_text import Cell, notebook_text
from chapbook_core.project.toml_text import value_text
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.project.author import Author
    from chapbook_core.requirements.requirement import Requirement

# Poetry accepts the project only with a backend that it knows.
_BUILD_SYSTEM = """\
[build-system]
requires = ["poetry-core>=2.0.0,<3.0.0"]
build-backend = "poetry.core.masonry.api"
"""
# What is in notebooks only our own backend builds.
BACKEND = "chapbook_core.builder.backend"
BACKEND_REQUIREMENT = "chapbook>=0.1"
NOTEBOOK_BUILD_SYSTEM = f"""\
[build-system]
requires = ["{BACKEND_REQUIREMENT}"]
build-backend = "{BACKEND}"
"""
NOTEBOOK_FOLDER = "notebooks"
_FIRST_MODULE = "core"
_OUTSIDE_NAMES = late_pattern(r"[^A-Za-z0-9._-]+")


class Layout(Enum):
    """Where the project's modules stand."""

    SRC = "src"
    """A package below `src`."""
    FLAT = "flat"
    """A package beside pyproject.toml."""
    NOTEBOOKS = "notebooks"
    """There is no package: the project is its notebooks."""
    NOTEBOOK_PACKAGE = "notebook-package"
    """A package whose modules are exported from notebooks."""


@frozen
class Outline:
    """What is known of a project before it exists."""

    name: str
    """As the distribution is called."""
    layout: Layout
    package: str = ""
    """As it is imported, with dots for packages in packages; by default made of the name."""
    version: str = "0.1.0"
    description: str = ""
    authors: tuple[Author, ...] = ()
    license: str = ""
    readme: str = ""
    """File name."""
    requires_python: str = ""
    dependencies: tuple[Requirement, ...] = ()
    """Local paths in them are absolute."""
    dev_dependencies: tuple[Requirement, ...] = ()

    @property
    def package_path(self) -> tuple[str, ...]:
        """The folders of the package."""
        dotted = self.package or self.name.replace("-", "_")
        return tuple(module_name(part) for part in dotted.split(".") if part)


def name_of_folder(name: str) -> str:
    """Return the name of a project in a folder of that name, as in `my-package-name` for `My_Package.Name`."""
    # Letters lose their accents; what is still outside ASCII then becomes a dash.
    letters = "".join(letter for letter in unicodedata.normalize("NFKD", name) if not unicodedata.combining(letter))
    return canonical_name(_OUTSIDE_NAMES.sub("-", letters).strip("-_.")) or "project"


def module_name(text: str) -> str:
    """Return a name that can be imported."""
    name = "".join(letter if f"_{letter}".isidentifier() else "_" for letter in text)
    return f"_{name}" if keyword.iskeyword(name) or not name.isidentifier() else name


def default_requires_python(python: tuple[int, int], layout: Layout) -> str:
    """Return the Pythons a new project is for.

    Others install a package into Pythons that do not exist yet, so its range is open. Notebooks run here, in one
    environment: their range is the one minor version, because a wider one makes the lock consider Pythons that nobody
    uses, and fail when a package excludes one of them.
    """
    major, minor = python
    lower = f">={major}.{minor}"
    return f"{lower},<{major}.{minor + 1}" if layout is Layout.NOTEBOOKS else lower


def project_files(outline: Outline, folder: Path, *, notebook: bool = False) -> dict[str, str]:
    """Return the files of a new project in a folder: their texts by their paths."""
    files = {PROJECT_FILE: pyproject_text(outline, folder)}
    if outline.readme:
        files[outline.readme] = ""
    if outline.layout is Layout.NOTEBOOK_PACKAGE:
        files[f"{NOTEBOOK_FOLDER}/{_FIRST_MODULE}.ipynb"] = first_module(".".join(outline.package_path))
        return files
    if outline.layout is not Layout.NOTEBOOKS:
        folders = (["src"] if outline.layout is Layout.SRC else []) + list(outline.package_path)
        files["/".join([*folders, "__init__.py"])] = ""
        files["tests/__init__.py"] = ""
    if notebook:
        files[f"{outline.name}.ipynb"] = first_notebook(outline.name)
    return files


def first_notebook(name: str) -> str:
    """Return the notebook that shows how the project is used."""
    welcome = (
        f"# {name}\n\nThis notebook runs in the project's own environment. "
        "Add a package with `%poetry add` and its name, then import it."
    )
    return notebook_text((Cell("markdown", welcome), Cell("code", "import sys\n\nsys.version")))


def first_module(package: str) -> str:
    """Return the notebook that shows how a module and its tests are written."""
    welcome = (
        f"Cells that begin with `#| export` become the module `{package}.{_FIRST_MODULE}`. All other cells show what "
        "it does, and test it: `%poetry test` runs them, and `%poetry package` makes a wheel and tries it."
    )
    function = (
        "#| export\ndef greeting(name: str) -> str:\n"
        '    """Return what to say to somebody."""\n'
        '    return f"Hello, {name}!"'
    )
    test = 'assert greeting("Ada") == "Hello, Ada!"'
    title = Cell("markdown", f"# {package}\n\nA first function.")
    return notebook_text((title, Cell("markdown", welcome), Cell("code", function), Cell("code", test, ("test",))))


def pyproject_text(outline: Outline, folder: Path, before: str = "") -> str:
    """Return the text of the project file, written as Poetry writes it, behind what is there `before`."""
    tables = ["".join(_project_lines(outline))]
    if outline.layout is Layout.NOTEBOOKS:
        tables.append("[tool.poetry]\npackage-mode = false\n")
    elif outline.layout is Layout.NOTEBOOK_PACKAGE:
        tables += [_export(outline), NOTEBOOK_BUILD_SYSTEM]
    else:
        packages = _packages(outline)
        tables += [f"[tool.poetry]\npackages = [{packages}]\n"] if packages else []
        tables.append(_BUILD_SYSTEM)
    text = _joined(before, "\n".join(tables))
    return _with_requirements(text, outline, folder) if outline.dependencies or outline.dev_dependencies else text


def _joined(before: str, text: str) -> str:
    if not before.strip():
        return text
    if "\r\n" in before:
        text = text.replace("\n", "\r\n")
    newline = "\r\n" if "\r\n" in before else "\n"
    return before.rstrip("\r\n") + newline * 2 + text


def _with_requirements(text: str, outline: Outline, folder: Path) -> str:
    # A new project mostly requires nothing yet.
    from chapbook_core.project.document import Document

    document = Document(text.encode(), folder / PROJECT_FILE)
    for requirement in outline.dependencies:
        document.add_requirement(requirement)
    for requirement in outline.dev_dependencies:
        document.add_requirement(requirement, group="dev")
    return document.text()


def _project_lines(outline: Outline) -> Iterator[str]:
    yield "[project]\n"
    yield f"name = {value_text(outline.name)}\n"
    yield f"version = {value_text(outline.version)}\n"
    yield f"description = {value_text(outline.description)}\n"
    if outline.authors:
        yield "authors = [\n"
        for author in outline.authors:
            pairs = {"name": author.name, "email": author.email}
            yield f"    {value_text({key: value for key, value in pairs.items() if value})},\n"
        yield "]\n"
    for key, value in (
        ("license", outline.license),
        ("readme", outline.readme),
        ("requires-python", outline.requires_python),
    ):
        if value:
            yield f"{key} = {value_text(value)}\n"
    # On two lines, so that what is added later gets lines of its own.
    yield "dependencies = [\n]\n"


def _export(outline: Outline) -> str:
    package = ".".join(outline.package_path)
    is_told = package == outline.name.replace("-", "_")
    named = "" if is_told else f"package = {value_text(package)}\n"
    return f"[tool.chapbook.export]\nfolder = {value_text(NOTEBOOK_FOLDER)}\n{named}"


def _packages(outline: Outline) -> str:
    """Return what Poetry must be told of the package, unless it finds it by the project's name."""
    top = outline.package_path[0]
    if outline.layout is Layout.SRC:
        return value_text({"include": top, "from": "src"})
    if outline.package_path == (outline.name.replace("-", "_"),):
        return ""
    return value_text({"include": top})

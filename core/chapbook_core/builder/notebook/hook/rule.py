"""Rule: how the notebooks of one folder become modules."""

from __future__ import annotations

from typing import NamedTuple


class Rule(NamedTuple):
    """What a project says about the notebooks of a folder."""

    folder: str = ""
    """From the project's folder, with `/`; empty for that folder itself."""
    package: str = ""
    """What the modules are imported from, with dots; empty when they stand by themselves."""
    source: str = ""
    """The folder that packages are imported from, from the project's; empty for that folder itself."""
    modules: tuple[tuple[str, str], ...] = ()
    """Notebooks, from the folder of the rule, and the module of each, without its package."""
    exclude: tuple[str, ...] = ()
    """Patterns of notebooks that are left out, from the folder of the rule."""
    order: tuple[str, ...] = ()
    """Notebooks whose cells come first, and which may share a module, from the folder of the rule."""
    magics: str = "refuse"
    """Or `comment`."""
    docs: str = "summary"
    """What Markdown becomes the docstring of a module: `summary`, `all` or `none`."""
    namespaces: tuple[str, ...] = ()
    """Packages that others have a part in, which are therefore given no `__init__.py`."""

    def holds(self, notebook: str) -> bool:
        """Tell whether a notebook, from the project's folder, lies in the folder of the rule."""
        return not self.folder or notebook.startswith(self.folder + "/")

    def inner(self, notebook: str) -> str:
        """Return the notebook's name from the folder of the rule."""
        return notebook[len(self.folder) + 1 :] if self.folder else notebook

    def full_name(self, module: str) -> str:
        """Return the name by which a module is imported."""
        return f"{self.package}.{module}" if self.package else module

    @property
    def top(self) -> str:
        """The first part of the package."""
        return self.package.partition(".")[0]

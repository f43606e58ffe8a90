"""Which packages and modules a project consists of: the declared ones, or the one named as the project is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.cannot_build import CannotBuild
from chapbook_core.builder.generated import makes_modules
from chapbook_core.project.poetry_table import PackageInclude

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.builder.distribution import Distribution

_BOTH = frozenset({"sdist", "wheel"})


class PackageNotFound(CannotBuild):
    """Nothing in the project is named as the project is."""

    def __init__(self, module: str) -> None:
        super().__init__(
            f"no package is found: there is no `{module}` and no `{module}.py`, neither here nor in `src`",
            hints=[
                f"make a folder `{module}` with an `__init__.py`",
                'or name the package under [tool.poetry], as in `packages = [{ include = "spam", from = "src" }]`',
            ],
        )


class TwoPackages(CannotBuild):
    """A folder and a module compete for one name."""

    def __init__(self, folder: str, module: str) -> None:
        super().__init__(
            f"both `{folder}` and `{module}` exist, and only one of them can be the package",
            hints=["rename one of them, or name the package with `packages` under [tool.poetry]"],
        )


def packages_of(distribution: Distribution, kind: str) -> tuple[PackageInclude, ...]:
    """Return the packages that go into one kind of archive; raises PackageNotFound and TwoPackages.

    There may be none in a project whose modules are made by the build.
    """
    declared = tuple(package for package in distribution.manifest.poetry.packages if kind in package.formats)
    if declared:
        return declared
    try:
        return (_found(distribution.folder, distribution.module),)
    except PackageNotFound:
        if makes_modules(distribution):
            return ()
        raise


def _found(folder: Path, module: str) -> PackageInclude:
    names = [module, *([f"{module.removesuffix('_stubs')}-stubs"] if module.endswith("_stubs") else [])]
    for source in (None, "src"):
        place = folder / source if source else folder
        shown = f"{source}/" if source else ""
        for name in names:
            is_folder, is_module = (place / name).is_dir(), (place / f"{name}.py").is_file()
            if is_folder and is_module:
                raise TwoPackages(f"{shown}{name}", f"{shown}{name}.py")
            if is_folder or is_module:
                return PackageInclude(name if is_folder else f"{name}.py", source, None, _BOTH)
    raise PackageNotFound(module)

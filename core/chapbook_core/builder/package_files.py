"""The files of a project that go into an archive, and their names in it."""

from __future__ import annotations

import os
from itertools import chain
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Literal

from chapbook_core.builder.cannot_build import CannotBuild, FileMissing
from chapbook_core.builder.ignored import ignored_files
from chapbook_core.builder.member import Member
from chapbook_core.builder.package_layout import packages_of
from chapbook_core.builder.tree import Found, Tree
from chapbook_core.value import frozen

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from chapbook_core.builder.distribution import Distribution
    from chapbook_core.project.build_table import Placed
    from chapbook_core.project.poetry_table import PackageInclude

Archive = Literal["sdist", "wheel"]


@frozen
class PackageFiles:
    """Finds the files for one kind of archive."""

    distribution: Distribution
    kind: Archive
    tree: Tree
    """Leaves out what the project or its version control leaves out."""
    whole: Tree
    """Leaves out nothing."""

    def members(self, *, has_generated: bool = False) -> Iterator[Member]:
        """Yield the files of the packages, and those that `include` adds.

        Each is there once, where the first to name it puts it: `include` does not repeat a module below `src`.

        Raises CannotBuild. A package without a module is refused, unless the build makes modules itself.
        """
        taken: set[str] = set()
        for member in self._named(has_generated=has_generated):
            if member.source not in taken:
                taken.add(member.source)
                yield member

    def _named(self, *, has_generated: bool) -> Iterator[Member]:
        for package in packages_of(self.distribution, self.kind):
            yield from self._package(package, has_generated=has_generated)
        for include in self.distribution.manifest.poetry.includes:
            if self.kind not in include.formats:
                continue
            found = self.whole.matches(include.path)
            if not found:
                self.distribution.warn(f"`{include.path}` under `include` matches no file")
            for file in chain.from_iterable(map(self.whole.below, found)):
                if "__pycache__" not in file.relative:
                    yield Member(file.relative, file.path)

    def placed(self, placed: Iterable[Placed], prefix: str | None) -> Iterator[Member]:
        """Yield the files of a table that puts them elsewhere; without a prefix, where the project has them."""
        for entry in placed:
            for pattern in entry.patterns:
                matched = self.whole.matches(pattern)
                if not matched:
                    raise FileMissing(f"for `{entry.folder}` under [tool.chapbook],", pattern)
                for found in matched:
                    base = PurePosixPath(found.relative if found.is_folder else os.path.dirname(found.relative))  # noqa: PTH120  text, no path
                    for file in self.tree.below(found):
                        inner = PurePosixPath(file.relative).relative_to(base)
                        yield Member(
                            file.relative if prefix is None else str(PurePosixPath(prefix, entry.folder, inner)),
                            file.path,
                        )

    def _package(self, package: PackageInclude, *, has_generated: bool) -> Iterator[Member]:
        source = _normal(package.source)
        matched = self.tree.matches(package.include, source)
        if not matched:
            if has_generated:
                return
            place = f" in `{package.source}`" if package.source else ""
            raise FileMissing("the package", package.include, reason=f"under `packages` does not exist{place}")
        files = [
            file for found in matched for file in self.tree.below(found) if not self.tree.is_left_out(file.relative)
        ]
        if not has_generated:
            self._check_is_package(package, matched, files)
        is_wheel = self.kind == "wheel"
        cut = len(source) + 1 if source and is_wheel else 0
        prefix = f"{_normal(package.target)}/" if package.target and is_wheel else ""
        for file in files:
            yield Member(prefix + file.relative[cut:], file.path)

    def _check_is_package(self, package: PackageInclude, matched: list[Found], files: list[Found]) -> None:
        """Refuse a folder without a module, which is most often a misspelled one."""
        if len(matched) == 1 and not matched[0].is_folder:
            return
        names = [file.relative for file in (files if len(matched) == 1 else matched) if not file.is_folder]
        if any(name.endswith(".py") for name in names):
            return
        if len(matched) == 1:
            # Modules that are left out on purpose make it a package all the same.
            names = [file.relative for file in self.whole.below(matched[0])]
            if any(name.endswith(".py") for name in names):
                return
        top = PurePosixPath(matched[0].relative if len(matched) == 1 else os.path.dirname(matched[0].relative)).name  # noqa: PTH120  text
        stubs = [name.endswith(".pyi") or name.rpartition("/")[2] == "py.typed" for name in names]
        if not (top.endswith("-stubs") and all(stubs)):
            hint = "add an `__init__.py`, or add files without code by `include` instead of `packages`"
            raise CannotBuild(f"`{package.include}` is no package: no module is in it", hints=[hint])


def package_files(distribution: Distribution, kind: Archive) -> PackageFiles:
    """Find out what is left out of one kind of archive, then return what finds the rest."""
    folder = distribution.folder
    whole = Tree(folder)
    left_out = _left_out(distribution, kind, whole)
    return PackageFiles(distribution, kind, Tree(folder, left_out.__contains__), whole)


def _left_out(distribution: Distribution, kind: Archive, whole: Tree) -> frozenset[str]:
    """Return the files that stay out: ignored or excluded, and not included by name."""
    poetry = distribution.manifest.poetry
    ignored = ignored_files(distribution.folder, distribution.warn)
    excluded = set(chain.from_iterable(_excluded(distribution, pattern) for pattern in poetry.excludes))
    if not ignored and not excluded:
        return frozenset()
    included = {
        file.relative
        for include in poetry.includes
        if kind in include.formats
        for found in whole.matches(include.path)
        for file in whole.below(found)
    }
    return (ignored | excluded) - included


def _excluded(distribution: Distribution, pattern: str) -> Iterator[str]:
    """Yield what a pattern leaves out; nothing behind a link needs to be looked at for that."""
    folder = distribution.folder
    wanted = f"{pattern}/*" if pattern.endswith("**") else pattern
    try:
        matched = list(folder.glob(wanted))
    except (ValueError, NotImplementedError, IndexError) as problem:
        raise CannotBuild(f"`{pattern}` under `exclude` is no pattern of files in the project: {problem}") from None
    for path in matched:
        is_folder = path.is_dir() and not path.is_symlink()
        for file in (path, *path.rglob("*")) if is_folder else (path,):
            if file.is_symlink() or not file.is_dir():
                yield os.path.relpath(file, folder).replace(os.sep, "/")


def _normal(folder: str | None) -> str:
    normal = os.path.normpath(folder).replace(os.sep, "/") if folder else "."
    return "" if normal == "." else normal

"""Builds wheels: what goes into one, and where the links of an editable one lead."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from chapbook_core.builder.entry_points import script_files
from chapbook_core.builder.generated import generated_members
from chapbook_core.builder.member import Member, by_target
from chapbook_core.builder.package_files import package_files
from chapbook_core.builder.package_layout import packages_of
from chapbook_core.builder.requires_dist import local_paths
from chapbook_core.builder.wheel_information import wheel_information
from chapbook_core.builder.wheel_tag import wheel_tag
from chapbook_core.builder.wheel_writer import write_wheel

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.builder.distribution import Distribution


def build_wheel(distribution: Distribution, folder: Path) -> Path:
    """Write the wheel into a folder and return it; raises CannotBuild, FileMistakes and WriteFailed."""
    for name in local_paths(distribution.manifest):
        distribution.warn(f"`{name}` is required from a path on this machine, which nobody else can install")
    return _write(distribution, wheel_members(distribution), folder)


def wheel_members(distribution: Distribution) -> list[Member]:
    """Return everything in the wheel but its `.dist-info`."""
    built = _script_built(distribution, is_editable=False)
    generated = generated_members(distribution, "wheel")
    files = package_files(distribution, "wheel")
    data = f"{distribution.stem}.data"
    made = {member.target for member in generated}
    own = [
        # What a former build or nbdev left in the place of a module that is made anew is as good as not there.
        *(file for file in files.members(has_generated=bool(generated or built)) if file.target not in made),
        *generated,
        *script_files(distribution, f"{data}/scripts"),
        *files.placed(distribution.table.data, f"{data}/data"),
        *files.placed(distribution.table.headers, f"{data}/headers"),
    ]
    # What a setup file has built repeats the packages; the compiled modules are what it adds.
    taken = {member.target for member in own}
    return [*own, *(member for member in built if member.target not in taken)]


def build_editable(distribution: Distribution, folder: Path) -> Path:
    """Write a wheel that leads imports to the project itself; raises what `build_wheel` does."""
    _script_built(distribution, is_editable=True)
    files = package_files(distribution, "wheel")
    data = f"{distribution.stem}.data"
    members = [
        *([Member(f"{distribution.module}.pth", content=links)] if (links := _links(distribution)) else []),
        *generated_members(distribution, "editable"),
        *script_files(distribution, f"{data}/scripts"),
        *files.placed(distribution.table.data, f"{data}/data"),
        *files.placed(distribution.table.headers, f"{data}/headers"),
    ]
    return _write(distribution, members, folder)


def _script_built(distribution: Distribution, *, is_editable: bool) -> list[Member]:
    if distribution.script is None:
        return []
    from chapbook_core.builder.build_script import run_build_script  # starts programs, which few projects need

    return run_build_script(distribution, is_editable=is_editable)


def _links(distribution: Distribution) -> bytes:
    """Return a line for each folder that packages stand in; editors and analysers follow these."""
    roots = []
    for package in packages_of(distribution, "wheel"):
        roots.append(os.path.realpath(distribution.folder / (package.source or ".")))
        if package.target:
            distribution.warn(f"`{package.include}` is moved by `to`, which an editable installation cannot do")
    return "".join(f"{root}\n" for root in dict.fromkeys(roots)).encode()


def _write(distribution: Distribution, members: list[Member], folder: Path) -> Path:
    tag = wheel_tag(distribution)
    path = folder / f"{distribution.stem}-{tag}.whl"
    ordered = [*by_target(members), *by_target(wheel_information(distribution, tag))]
    write_wheel(path, ordered, f"{distribution.stem}.dist-info/RECORD", distribution.date)
    return path

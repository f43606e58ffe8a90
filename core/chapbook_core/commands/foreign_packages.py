"""Foreign packages: those in a Python that another program looks after, so that they stay as they are.

Their INSTALLER names a package manager, or they have no RECORD and only who has put them in knows their files, or
conda lists them among its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.commands.host import CONDA_FOLDER
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.installer.plan import Plan, Remove, Update
from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.name import canonical_name
from chapbook_core.value import replace

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from chapbook_core.environment.environment import Environment
    from chapbook_core.environment.site_packages import SitePackages
    from chapbook_core.events import Watcher
    from chapbook_core.installer.plan import Installed

_SYSTEMS = frozenset(
    {"apk", "apt", "brew", "conda", "debian", "dnf", "dpkg", "gentoo", "guix", "homebrew", "mamba", "micromamba", "nix",
     "pacman", "portage", "rpm", "spack", "yum", "zypper"}
)  # fmt: skip
_UNKNOWN = "an unknown program"
_LISTED = late_pattern(rb"site-packages/(?P<entry>[^/\"]+\.dist-info)/")
_MOST_NAMED = 5


class PackagesAreForeign(ChapbookError):
    """What is to be put in would take the place of what another program looks after."""

    def __init__(self, versions: Mapping[str, str], foreign: Mapping[str, str]) -> None:
        told = [f"`{name}` {version}, which {foreign[name]} has installed" for name, version in versions.items()]
        super().__init__(
            f"not replaced: {'; '.join(told)}",
            hints=[
                "have that program take them out, or bring them to the locked versions",
                "or set `virtualenvs.create` to true to give the project an environment of its own",
            ],
        )


def foreign_packages(environment: Environment, present: SitePackages) -> dict[str, str]:
    """Return who looks after each package that is not to be changed, by name; nobody in a virtual environment."""
    if environment.is_virtual:
        return {}
    of_conda = frozenset(_listed_by_conda(environment.path / CONDA_FOLDER))
    found: dict[str, str] = {}
    for each in (*present, *present.repeated):
        installer = each.installer.lower()
        if each.entry in of_conda:
            found[each.name] = "conda"
        elif installer in _SYSTEMS:
            found[each.name] = installer
        elif not each.is_recorded:
            found.setdefault(each.name, installer or _UNKNOWN)
    return found


def as_they_are(installed: Iterable[Installed], foreign: Mapping[str, str]) -> Iterator[Installed]:
    """Take what is foreign for what its version says: from where its program has it is no matter here."""
    for one in installed:
        yield replace(one, direct_url=None, damage="", is_checkout=False) if one.name in foreign else one


def left_alone(
    plan: Plan, present: SitePackages, foreign: Mapping[str, str], watcher: Watcher, project: str = ""
) -> Plan:
    """Return a plan that removes nothing foreign, and tell so; raises PackagesAreForeign for what would be replaced.

    `project` is the name of the project itself, if that is to be put in.
    """
    arriving = {step.package.name for step in plan.steps if isinstance(step, Update)} | {canonical_name(project)}
    if replaced := sorted(arriving & foreign.keys()):
        raise PackagesAreForeign({name: present.version_of(name) or "" for name in replaced}, foreign)
    kept = sorted(step.name for step in plan.steps if isinstance(step, Remove) and step.name in foreign)
    if kept:
        told = ", ".join(f"`{name}`" for name in kept[:_MOST_NAMED])
        more = f" and {len(kept) - _MOST_NAMED} more" if len(kept) > _MOST_NAMED else ""
        owners = ", ".join(sorted({foreign[name] for name in kept}))
        watcher.emit(Notice("info", f"not taken out, because they were installed by {owners}: {told}{more}"))
    return Plan(tuple(step for step in plan.steps if not (isinstance(step, Remove) and step.name in foreign)))


def _listed_by_conda(folder: Path) -> Iterator[str]:
    for file in folder.glob("*.json"):
        try:
            content = file.read_bytes()
        except OSError:
            continue
        yield from (match["entry"].decode("utf-8", "replace") for match in _LISTED.finditer(content))

"""What is installed, as a plan wants to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.installer.plan import Installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.environment.site_packages import Distribution, SitePackages


def installed_packages(present: SitePackages) -> Iterator[Installed]:
    """Give each distribution once, with what an interrupted installer has left wrong with it."""
    repeated = {distribution.name for distribution in present.repeated}
    for distribution in present:
        damage = "it is there twice" if distribution.name in repeated else _damage(distribution)
        yield Installed(distribution.name, distribution.version, distribution.direct_url, damage)


def _damage(distribution: Distribution) -> str:
    return "" if distribution.is_whole else "its files are incomplete"

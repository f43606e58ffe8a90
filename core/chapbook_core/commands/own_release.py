"""The project as one of its own packages: what somebody gets whom a dependency sends back to it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.name import canonical_name
from chapbook_core.resolver.facts import Metadata, VersionsWanted
from chapbook_core.resolver.versions import Release, Versions
from chapbook_core.value import replace

if TYPE_CHECKING:
    from chapbook_core.project.manifest import Manifest
    from chapbook_core.resolver.facts import Want
    from chapbook_core.resolver.problem import Solution


class OwnRelease:
    """The only release of the project; no index is asked for it, and no lock holds it."""

    def __init__(self, manifest: Manifest) -> None:
        is_package = manifest.package_mode and manifest.version is not None
        self.name = canonical_name(manifest.name or "") if is_package else ""
        """Empty for a project that is no package, or whose version nobody knows."""
        self._version = manifest.version or ""

    def tell(self, want: Want) -> Versions | Metadata:
        """Answer a question about the project."""
        if isinstance(want, VersionsWanted):
            return Versions(want.name, [Release(self._version, origin=want.origin)])
        # What it requires is in the lock on its own account; so Poetry has it.
        return Metadata()

    def left_out_of(self, solution: Solution) -> Solution:
        """Return a solution without the project, which is installed in other ways."""
        return replace(solution, packages=tuple(each for each in solution.packages if each.name != self.name))

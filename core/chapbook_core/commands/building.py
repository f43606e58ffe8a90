"""The builds of one command: made when nothing else tells the metadata, unless the person forbids it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from chapbook_core.builder.unpacking import unpack
from chapbook_core.commands.build_environments import SolvedEnvironments
from chapbook_core.commands.build_sources import BuildSource, archive_identity, copied, left_as_it_was
from chapbook_core.commands.elsewhere import ProjectElsewhere
from chapbook_core.commands.wheel_building import take_wheel
from chapbook_core.commands.wheel_supply import supply
from chapbook_core.commands.workbench import Workbench
from chapbook_core.errors import ChapbookError
from chapbook_core.events import Notice
from chapbook_core.index.policy import read_projects

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from chapbook_core.builder.isolation import BuildEnvironment
    from chapbook_core.commands.session import Session
    from chapbook_core.commands.wheel_building import Chain
    from chapbook_core.index.metadata import Metadata
    from chapbook_core.index.metadata_fetch import NeedBuild
    from chapbook_core.index.mode import Mode
    from chapbook_core.index.opening import OpenIndex
    from chapbook_core.installer.store import StoredWheel
    from chapbook_core.lock.lockfile import LockedPackage
    from chapbook_core.resolver.settling import Settling


class BuildForbidden(ChapbookError):
    """Only a build could tell, and the person wants none."""

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"it tells what it requires only when it is built, and {reason}")


class BuildShop:
    """Gives builds their environments, and environments what has to be built for them."""

    def __init__(self, bench: Workbench) -> None:
        self.bench = bench
        self._known: dict[tuple[object, ...], BuildEnvironment] = {}
        self._open = ExitStack()

    def environments(self, name: str, chain: Chain, /) -> SolvedEnvironments:
        """Return what makes the environments for the build of one package."""
        return SolvedEnvironments(self.bench, self, name, chain, self._known)

    def supplied(self, packages: Sequence[LockedPackage], chain: Chain = (), /) -> Mapping[str, StoredWheel]:
        """Return the stored wheel of each package, by name; what has none is built.

        Raises NoFittingFile, FileGone, BuildFailed, BadWheel, StoreFailed, and what an index failed with.
        """
        return supply(self.bench, packages, lambda: self.environments, chain)

    def elsewhere(self, settling: Settling, chain: Chain, /) -> ProjectElsewhere:
        """Return what answers for requirements of builds that no index tells."""
        bench = self.bench
        return self._open.enter_context(
            ProjectElsewhere(
                bench.session, bench.index, bench.mode, settling, locked=(), builds=Builds(self, chain=chain)
            )
        )

    def close(self) -> None:
        """Close what was opened for requirements of builds."""
        self._open.close()


class Builds:
    """Builds releases and source trees as far as their metadata; whoever opens it closes it."""

    def __init__(self, shop: BuildShop, *, is_allowed: bool = True, chain: Chain = ()) -> None:
        self._shop = shop
        self._bench = shop.bench
        self._is_allowed = is_allowed
        self._chain = chain
        self._never_built = read_projects(self._bench.session.settings.names("installer.only-binary"))
        self.count = 0
        """How many trees were built."""

    def of_release(self, need: NeedBuild) -> Metadata:
        """Build a release of an index, and let the index remember what it told; raises ChapbookError."""
        file, bench = need.file, self._bench
        known = file.digest()
        metadata = None if known is None else self._kept(archive_identity(f"sha256:{known}", ""), need.name)
        if metadata is None:
            self._check(need.name)
            path, digest = bench.archives.path(file.url, file.filename, dict(file.hashes))
            with bench.room() as room:
                tree = unpack(path, file.filename, room / "tree")
                source = BuildSource(need.name, need.version, archive_identity(f"sha256:{digest}", ""), _nowhere)
                metadata = self._built(tree, source)
        metadata.check_identity(need.name, need.version)
        bench.index.reader.learn(need, metadata)
        return metadata

    def of_tree(self, tree: Path, name: str, identity: tuple[str, ...], *, is_shared: bool = False) -> Metadata:
        """Build a source tree, in a copy of its own when it is shared; raises ChapbookError."""
        kept = self._kept(identity, name)
        if kept is not None:
            return kept
        self._check(name)
        source = BuildSource(name, "", identity, _nowhere)
        with copied(self._bench, tree) if is_shared else left_as_it_was(tree) as own:
            return self._built(own, source)

    def _kept(self, identity: tuple[str, ...], name: str) -> Metadata | None:
        bench = self._bench
        found = bench.built.metadata(bench.key("wheel", identity, name))
        return found or bench.built.metadata(bench.key("metadata", identity, name))

    def _built(self, tree: Path, source: BuildSource) -> Metadata:
        bench, watcher = self._bench, self._bench.session.watcher
        if source.name in self._chain:
            # Whoever needs it can take another version of it.
            raise BuildForbidden(f"it would be needed to build itself ({' needs '.join(self._chain)})")
        if not self._chain:
            message = f"{source.what} tells what it requires only to its build backend; building it"
            watcher.emit(Notice("info", message))
        self.count += 1
        chain = (*self._chain, source.name)
        frontend = bench.frontend(self._shop.environments(source.name, chain), is_own=source.is_own)
        built = frontend.metadata(tree, source.what, bench.settings(source.name))
        if built.wheel is not None:
            take_wheel(bench, source, built.wheel)
        else:
            bench.built.keep_metadata(bench.key("metadata", source.identity, source.name), built.metadata)
        return built.metadata

    def _check(self, name: str) -> None:
        if not self._is_allowed:
            raise BuildForbidden("`--no-build` forbids that")
        if name in self._never_built:
            raise BuildForbidden("`installer.only-binary` forbids that")

    def close(self) -> None:
        """Remove what the builds left."""
        self._shop.close()
        self._bench.close()


def open_builds(session: Session, index: OpenIndex, mode: Mode, *, is_allowed: bool) -> Builds:
    """Open the builds of a command that locks."""
    return Builds(BuildShop(Workbench(session, mode, index=index)), is_allowed=is_allowed)


def _nowhere() -> AbstractContextManager[Path]:
    raise LookupError("this source is laid out already")

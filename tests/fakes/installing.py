"""Installing as a test does it: recipes of wheels into environments that are made at once."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from chapbook_core.environment.site_packages import scan_site_packages
from chapbook_core.installer.link import Linker
from chapbook_core.installer.placement import WheelArrival, place_wheels
from chapbook_core.installer.schemes import InstallPaths, paths_of_environment
from chapbook_core.installer.unplacement import take_out
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from pathlib import Path

    from chapbook_core.installer.store import Store, StoredWheel
    from tests.fakes.wheels import Recipe


@dataclass
class Bench:
    """What a test of the installer works with."""

    folder: Path
    store: Store
    linker: Linker = field(default_factory=Linker)
    watcher: RecordingWatcher = field(default_factory=RecordingWatcher)

    def environment(self, name: str = "environment", *, is_real: bool = False) -> InstallPaths:
        """Make an environment; a real one takes a hundred milliseconds and has an interpreter."""
        folder = self.folder / name
        if is_real:
            subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
        else:
            (folder / "lib" / "python3.11" / "site-packages").mkdir(parents=True)
            (folder / "bin").mkdir()
            (folder / "bin" / "python").symlink_to(sys.executable)
            (folder / "pyvenv.cfg").write_text("home = /usr/bin\nversion = 3.11.7\n")
        return paths_of_environment(folder)

    def stored(self, recipe: Recipe) -> StoredWheel:
        """Put a wheel into the store."""
        wheel = recipe.write(self.folder / "wheels" / hashlib.sha256(recipe.build()).hexdigest())
        return self.store.add(wheel, wheel.name)

    def arrival(self, recipe: Recipe, paths: InstallPaths) -> WheelArrival:
        """Make ready to put a wheel into an environment."""
        return WheelArrival(self.stored(recipe), paths, self.linker)

    def install(self, paths: InstallPaths, *recipes: Recipe) -> None:
        """Put wheels into an environment."""
        place_wheels([self.arrival(recipe, paths) for recipe in recipes], self.watcher)

    def uninstall(self, paths: InstallPaths, *names: str) -> None:
        """Take distributions out."""
        found = scan_site_packages(paths.root / paths.purelib).distributions
        take_out([found[name] for name in names], paths, self.watcher)


def tree(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return every path below a folder with its mode and content."""
    return {
        path.relative_to(folder).as_posix(): (path.lstat().st_mode, path.read_bytes() if path.is_file() else b"")
        for path in folder.rglob("*")
    }

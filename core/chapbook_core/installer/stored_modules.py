"""StoredModules: which wheels of the store bring a module; nothing is unpacked or imported to know it."""

from __future__ import annotations

import os
from contextlib import suppress
from typing import TYPE_CHECKING

from chapbook_core.installer.manifest import DamagedManifest, read_manifest
from chapbook_core.installer.store import MANIFEST, TREE, WHEELS
from chapbook_core.installer.top_levels import portions

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from chapbook_core.installer.manifest import Manifest


def stored_portions(store: Path, digests: Iterable[str]) -> tuple[str, ...]:
    """Return the modules of the first of some wheels that is in the store, named by their SHA-256; none if none is."""
    for digest in digests:
        manifest = _manifest(store / WHEELS / digest[:2] / digest)
        if manifest is not None:
            return portions(file.path for file in manifest.files)
    return ()


def stored_owners(store: Path, module: str) -> tuple[str, ...]:
    """Return the names of the distributions in the store that bring a module, given with its dots."""
    top = module.partition(".")[0]
    names: dict[str, None] = {}
    for folder in _entries(store / WHEELS):
        # Two looks at the disk spare reading what is in most wheels.
        tree = folder / TREE
        if not (tree / top).is_dir() and not _has_module(tree, top):
            continue
        manifest = _manifest(folder)
        if manifest is not None and is_brought(module, portions(file.path for file in manifest.files)):
            names[manifest.name] = None
    return tuple(sorted(names))


def is_brought(module: str, among: Iterable[str]) -> bool:
    """Tell whether a module lies in one of some portions, or one of them in it."""
    return any(f"{module}.".startswith(f"{portion}.") or portion.startswith(f"{module}.") for portion in among)


def _has_module(tree: Path, top: str) -> bool:
    if (tree / f"{top}.py").is_file():
        return True
    with suppress(OSError):
        names = os.listdir(tree)  # noqa: PTH208  names, not paths
        return any(name.startswith(f"{top}.") and name.endswith((".so", ".pyd")) for name in names)
    return False


def _entries(wheels: Path) -> Iterator[Path]:
    with suppress(OSError):
        for shelf in sorted(wheels.iterdir()):
            if shelf.is_dir():
                yield from sorted(shelf.iterdir())


def _manifest(folder: Path) -> Manifest | None:
    try:
        return read_manifest((folder / MANIFEST).read_bytes())
    except (OSError, DamagedManifest):
        return None

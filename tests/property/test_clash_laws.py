"""Clashes are found by the first names alone where these are enough; here every file is held against every other."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from chapbook_core.installer.arrangement import arrange
from chapbook_core.installer.bad_wheel import BadWheel
from chapbook_core.installer.clash import FileClash, find_sharing
from chapbook_core.installer.manifest import Manifest, StoredFile, read_manifest
from chapbook_core.installer.schemes import InstallPaths
from chapbook_core.installer.script import Script

if TYPE_CHECKING:
    from collections.abc import Iterator

    from chapbook_core.installer.arrangement import Arrangement

LIBRARY = "lib/python3.11/site-packages"
OTHER_LIBRARY = "lib64/python3.11/site-packages"
DATA = ("", "share/", "share/jupyter/labextensions/", "share/jupyter/labextensions/@", f"{LIBRARY}/")
SCHEMES = (*[""] * 6, "purelib/", "platlib/", "headers/", "scripts/", *[f"data/{folder}" for folder in DATA])

few = settings(max_examples=150, deadline=None)
seeds = st.integers(min_value=0, max_value=1_000_000)


def random_manifest(chance: random.Random, number: int) -> Manifest:
    """A wheel of a few files in a few folders, as the store would give it."""
    name = f"d{number}"
    files = {f"{name}-1.dist-info/METADATA": "same"}
    for _ in range(chance.randrange(6)):
        folders = [f"{chance.choice(['a', 'b', 'deep'])}/" for _ in range(chance.randrange(3))]
        scheme = chance.choice(SCHEMES)
        if scheme == "scripts/":
            folders = []
        path = f"{'' if not scheme else f'{name}-1.data/'}{scheme}{''.join(folders)}{chance.choice(['x.py', 'y.so'])}"
        files[path] = chance.choice(["same", "same", "same", f"of {name}"])
    manifest = Manifest(
        filename=f"{name}-1-py3-none-any.whl",
        sha256="0" * 64,
        name=name,
        version="1",
        dist_info=f"{name}-1.dist-info",
        data=f"{name}-1.data",
        is_pure=chance.random() < 0.7,
        tags=(),
        scripts=(Script("x.py", "module", "function"),) if chance.random() < 0.1 else (),
        starting=(),
        complaints=(),
        files=tuple(
            StoredFile(path, 3, 0, digest, is_executable=False, is_text=True)
            for path, digest in sorted(files.items(), key=lambda item: item[0].rpartition("/"))
        ),
    )
    return read_manifest(manifest.blob())


def arranged(chance: random.Random, paths: InstallPaths) -> Iterator[tuple[Arrangement, Path]]:
    for number in range(chance.randrange(2, 5)):
        try:
            yield arrange(random_manifest(chance, number), paths), Path("nowhere")
        except BadWheel:
            # Two of its own files belong to one place.
            continue


def put_somebodys_files(chance: random.Random, paths: InstallPaths) -> None:
    for _ in range(chance.randrange(3)):
        folder = paths.root / chance.choice([paths.purelib, paths.platlib, "share"]) / chance.choice(["", "a", "b"])
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "x.py").write_text("somebody's")


def shared_one_by_one(given: list[tuple[Arrangement, Path]], root: Path) -> set[tuple[str, str]] | None:
    """Who shares which file with one that came before; None when there is a clash."""
    first: dict[str, StoredFile | None] = {}
    shared = set()
    for arrangement, _tree in given:
        for target, file in arrangement.targets():
            if target not in first:
                if (root / target).exists():
                    return None
                first[target] = file
            elif file is None or (other := first[target]) is None or other.sha256 != file.sha256:
                return None
            else:
                shared.add((arrangement.manifest.name, target))
    return shared


@few
@given(seeds)
def test_no_clash_is_overlooked(seed: int) -> None:
    chance = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        platlib = chance.choice([LIBRARY, LIBRARY, OTHER_LIBRARY])
        root = Path(folder)
        paths = InstallPaths(root, LIBRARY, platlib, "bin", "include", root / "bin" / "python", "linux")
        given = list(arranged(chance, paths))
        put_somebodys_files(chance, paths)
        try:
            found = set(find_sharing(given, paths).files)
        except FileClash:
            assert shared_one_by_one(given, root) is None
        else:
            assert shared_one_by_one(given, root) == found

from __future__ import annotations

import pytest
from packaging.tags import compatible_tags, cpython_tags

from chapbook_core.environment.interpreter import Build
from chapbook_core.environment.wheel_tags import tags_of

BUILDS = {
    "glibc": Build("linux-x86_64", 64, ".so", glibc=(2, 36)),
    "musl": Build("linux-aarch64", 64, ".so", musl=(1, 2)),
    "windows": Build("win-amd64", 64, ".pyd"),
    "debug": Build("linux-x86_64", 64, ".so", is_debug=True, glibc=(2, 36)),
}


@pytest.mark.parametrize("minor", [(3, 7), (3, 8), (3, 11), (3, 14)])
@pytest.mark.parametrize("build", BUILDS.values(), ids=BUILDS.keys())
def test_the_tags_of_a_cpython_are_those_of_packaging_in_their_order(build: Build, minor: tuple[int, int]) -> None:
    found = tags_of("cpython", minor, build)
    own = f"cp{minor[0]}{minor[1]}"
    abis = list(dict.fromkeys(abi for interpreter, abi, _ in (tag.split("-") for tag in found) if interpreter == own))
    platforms = list(dict.fromkeys(platform for _, _, platform in (tag.split("-") for tag in found)))[:-1]
    expected = (*cpython_tags(minor, abis, platforms), *compatible_tags(minor, own, platforms))
    assert found == tuple(dict.fromkeys(map(str, expected)))


def test_a_free_threaded_cpython_has_tags_of_its_own() -> None:
    found = tags_of("cpython", (3, 13), Build("linux-x86_64", 64, ".so", is_free_threaded=True, glibc=(2, 36)))
    assert found[0] == "cp313-cp313t-linux_x86_64"
    assert not any("-abi3-" in tag for tag in found)

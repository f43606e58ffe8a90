"""The tag of a wheel: where it runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.builder.python_support import python_tag

if TYPE_CHECKING:
    from chapbook_core.builder.distribution import Distribution


def wheel_tag(distribution: Distribution) -> str:
    """Return the tag: everywhere, or, of what a build script has compiled, on Pythons like this one alone."""
    if distribution.script is None:
        return f"{python_tag(distribution.manifest)}-none-any"
    from packaging.tags import sys_tags  # asks the machine, which a pure wheel does not depend on

    tag = next(sys_tags())
    return f"{tag.interpreter}-{tag.abi}-{tag.platform}"

"""The version that follows another by a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from packaging.version import Version

from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Callable

Rule = Literal["major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease"]
RULES: tuple[Rule, ...] = ("major", "minor", "patch", "premajor", "preminor", "prepatch", "prerelease")

_PARTS = ("major", "minor", "patch")
_NEXT_PHASE = {"a": "b", "b": "rc"}


class UnknownVersion(ChapbookError):
    """A text is neither a rule nor a version."""

    def __init__(self, text: str) -> None:
        self.text = text
        super().__init__(
            f"`{text}` is neither a rule nor a version",
            hints=[f"rules are {', '.join(RULES)}; a version is written as in `1.4.2` or `2.0.0rc1`"],
        )


def next_version(current: str, rule: str, *, next_phase: bool = False) -> str:
    """Return what follows `current` by a rule, or the version that `rule` itself is, in PEP 440's normal form.

    `next_phase` lets `prerelease` go on from alpha to beta, to release candidate, to the final release.
    """
    step = _STEPS.get(rule)
    if step is None:
        return str(parse_version(rule))
    if rule == "prerelease":
        return str(_next_prerelease(parse_version(current), next_phase=next_phase))
    return str(step(parse_version(current)))


def parse_version(text: str) -> Version:
    """Read a version; raises UnknownVersion."""
    try:
        return Version(text)
    except ValueError as cause:
        # InvalidVersion is one, and so is what Python says of a number with thousands of digits.
        raise UnknownVersion(text) from cause


def _bumped(version: Version, part: int) -> Version:
    """Raise one part of the release and clear those behind it.

    A pre-release of exactly that step is only made final: after 2.0.0rc1 the next major version is 2.0.0.
    """
    release = list(version.release)
    if version.is_prerelease and not _is_after_final(version) and not any(release[part + 1 :]):
        return _version(version.epoch, release)
    release += [0] * (part + 1 - len(release))
    return _version(version.epoch, [*release[:part], release[part] + 1, *[0] * len(release[part + 1 :])])


def _is_after_final(version: Version) -> bool:
    """Tell whether it comes after the final release of its number, as the development of a post-release does."""
    return version.post is not None and version.pre is None


def _next_prerelease(version: Version, *, next_phase: bool) -> Version:
    if version.pre is None:
        # Of a development version of 1.2 the next pre-release is 1.2a0; of 1.2 itself it is that of the next patch.
        base = version if version.is_devrelease and not _is_after_final(version) else _bumped(version, 2)
        return _version(base.epoch, base.release, "a0")
    phase, number = version.pre
    if not next_phase:
        return _version(version.epoch, version.release, f"{phase}{number + 1}")
    following = _NEXT_PHASE.get(phase)
    return _version(version.epoch, version.release, f"{following}0" if following else "")


def _version(epoch: int, release: list[int] | tuple[int, ...], suffix: str = "") -> Version:
    numbers = ".".join(str(number) for number in release)
    return Version(f"{epoch}!{numbers}{suffix}")


def _step(part: int, suffix: str) -> Callable[[Version], Version]:
    def step(version: Version) -> Version:
        bumped = _bumped(version, part)
        return _version(bumped.epoch, bumped.release, suffix)

    return step


_STEPS: dict[str, Callable[[Version], Version]] = {
    **{name: _step(part, "") for part, name in enumerate(_PARTS)},
    **{f"pre{name}": _step(part, "a0") for part, name in enumerate(_PARTS)},
    "prerelease": lambda version: _next_prerelease(version, next_phase=False),
}

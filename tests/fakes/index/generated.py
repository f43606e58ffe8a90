"""Large random worlds: every package follows from the seed and its name, and is made when it is first asked for."""

from __future__ import annotations

import random
from dataclasses import dataclass
from functools import cache, partial

from tests.fakes.index.release import Release
from tests.fakes.index.world import Project, World, make_files

_PYTHONS = (None, None, ">=3.8", ">=3.9", ">=3.10", ">=3.11")
_MARKERS = (
    'python_version < "3.11"',
    'sys_platform == "win32"',
    'sys_platform != "win32"',
    'platform_machine == "x86_64"',
    'python_full_version >= "3.12" and sys_platform == "linux"',
)
_PLATFORM_TAGS = (
    "cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp312-cp312-manylinux_2_17_x86_64.manylinux2014_x86_64",
    "cp311-cp311-macosx_11_0_arm64",
    "cp312-cp312-macosx_11_0_arm64",
    "cp311-cp311-win_amd64",
    "cp312-cp312-win_amd64",
)
_BOOK_LENGTH = 50_000
_WORDS = ("numbers", "frames", "plots", "cells", "tables", "models", "graphs", "signals", "texts", "queries")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What a generated world looks like."""

    packages: int = 300
    seed: int = 0
    releases: float = 12.0
    """The mean number of versions of a package; a few have very many."""
    requirements: float = 3.0
    """The mean number of requirements of a release."""
    newest_works: bool = True
    """Whether the newest release of each package agrees with all others' newest, so that a solution is certain."""
    description: int = 2_000
    """Bytes of prose in each METADATA."""
    platforms: float = 0.15
    """The share of packages with a wheel for each platform."""
    sdist_only: float = 0.0
    """The share of packages without wheels."""
    cycles: float = 0.02
    """The share of requirements on a package that may require this one."""


def package_name(place: int) -> str:
    """Return the name of a package; those with small numbers are the most required."""
    return f"{_WORDS[place % len(_WORDS)]}-{place:05}"


def generated_world(shape: Shape | None = None) -> World:
    """Return a world of which nothing is made yet."""
    shape = shape or Shape()
    known = [package_name(place) for place in range(shape.packages)]
    return World(partial(_project, shape, {name: place for place, name in enumerate(known)}), known)


def roots(shape: Shape, number: int) -> list[str]:
    """Return packages that together require a large part of the world: those that few others require."""
    chosen = random.Random(f"{shape.seed} roots").sample(range(shape.packages // 2, shape.packages), number)
    return sorted(package_name(place) for place in chosen)


def describe_package(shape: Shape, place: int) -> tuple[Release, ...]:
    """Return the releases of a package, oldest first."""
    chance = random.Random(f"{shape.seed} package {place}")
    versions = _versions(shape, place)
    has_platforms = chance.random() < shape.platforms
    sdist_only = chance.random() < shape.sdist_only
    usual = _partners(shape, place, chance)
    return tuple(
        Release(
            name=package_name(place),
            version=version,
            requires=_requirements(shape, usual, chance, newest=age == len(versions) - 1),
            python=None if age == len(versions) - 1 else chance.choice(_PYTHONS),
            extras={"all": (package_name(usual[0]),)} if usual and place % 7 == 0 else {},
            tags=_PLATFORM_TAGS if has_platforms else ("py3-none-any",),
            sdist="only" if sdist_only else chance.random() < 0.7,
            yanked=age < len(versions) - 1 and chance.random() < 0.02,
            uploaded=_moment(age / len(versions)),
            summary=f"Package {place} of a generated world",
            description=_prose(chance, shape.description),
        )
        for age, version in enumerate(versions)
    )


def _project(shape: Shape, places: dict[str, int], name: str) -> Project | None:
    place = places.get(name)
    if place is None:
        return None
    releases = describe_package(shape, place)
    files = tuple(file for release in releases for file in make_files(release))
    return Project(name, files, releases)


def _versions(shape: Shape, place: int) -> list[str]:
    """Return the versions of a package in their order: this much is known of a package without making it."""
    chance = random.Random(f"{shape.seed} versions {place}")
    number = max(1, min(400, round(chance.paretovariate(1.5) * shape.releases / 3)))
    major, minor, patch = 0, 1, 0
    versions = []
    for left in range(number, 0, -1):
        pre = "rc1" if left > 1 and chance.random() < 0.04 else ""
        versions.append(f"{major}.{minor}.{patch}{pre}")
        step = chance.random()
        if step < 0.06:
            major, minor, patch = major + 1, 0, 0
        elif step < 0.45:
            minor, patch = minor + 1, 0
        else:
            patch += 1
    return versions


def _partners(shape: Shape, place: int, chance: random.Random) -> list[int]:
    """Return the packages that this one requires; small numbers far more often than large ones."""
    number = min(int(chance.expovariate(1 / shape.requirements)), 40)
    chosen: dict[int, None] = {}
    for _ in range(number):
        if chance.random() < shape.cycles:
            other = chance.randrange(shape.packages)
        elif place:
            other = min(int(place * chance.random() ** 2.5), place - 1)
        else:
            continue
        if other != place:
            chosen[other] = None
    return list(chosen)


def _requirements(shape: Shape, partners: list[int], chance: random.Random, *, newest: bool) -> tuple[str, ...]:
    requirements = []
    for other in partners:
        if chance.random() < 0.1 and not newest:
            continue
        specifier = _specifier(_versions(shape, other), chance, anything_new=newest and shape.newest_works)
        marker = f"; {chance.choice(_MARKERS)}" if chance.random() < 0.15 else ""
        requirements.append(f"{package_name(other)}{specifier}{marker}")
    return tuple(requirements)


def _specifier(versions: list[str], chance: random.Random, *, anything_new: bool) -> str:
    finals = [version for version in versions if "rc" not in version]
    lowest = chance.choice(finals)
    kind = chance.random()
    if anything_new or kind < 0.6:
        return f">={lowest}" if kind < 0.8 else ""
    if kind < 0.75:
        return f">={lowest},<{int(lowest.partition('.')[0]) + 1}"
    if kind < 0.85:
        return f"~={lowest}"
    if kind < 0.95:
        return f"!={lowest}"
    return f"=={lowest}"


def _moment(share: float) -> str:
    """Return a moment of the ten years that these worlds have lasted."""
    year, rest = divmod(share * 10, 1)
    month, day = divmod(rest * 12, 1)
    return f"{2015 + int(year)}-{1 + int(month):02}-{1 + int(day * 28):02}T00:00:00Z"


def _prose(chance: random.Random, size: int) -> str:
    start = chance.randrange(_BOOK_LENGTH)
    return (_book() * (2 + size // _BOOK_LENGTH))[start : start + size]


@cache
def _book() -> str:
    """Return words from which every description is cut; they compress about as well as English."""
    chance = random.Random("words")
    return " ".join(
        chance.choice(_WORDS) if chance.random() < 0.5 else f"{chance.getrandbits(24):x}"
        for _ in range(_BOOK_LENGTH // 6)
    )[:_BOOK_LENGTH]

"""Generated worlds follow from their seed, and nothing is made before it is asked for."""

from __future__ import annotations

import time

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

from tests.fakes.asking import ask
from tests.fakes.index import FakeIndex
from tests.fakes.index.generated import Shape, describe_package, generated_world, package_name, roots
from tests.fakes.index.names import canonical
from tests.fakes.index.pages import JSON

SMALL = Shape(packages=40, seed=3)


def test_a_seed_gives_the_same_world_in_every_order() -> None:
    one, two = generated_world(SMALL), generated_world(SMALL)
    forwards = {name: one.project(name) for name in one.names()}
    backwards = {name: two.project(name) for name in reversed(two.names())}
    assert {name: project and project.releases for name, project in forwards.items()} == {
        name: project and project.releases for name, project in backwards.items()
    }
    other = generated_world(Shape(packages=40, seed=4))
    assert forwards[package_name(0)] != other.project(package_name(0))


def test_names_versions_and_requirements_are_valid() -> None:
    known = {package_name(place) for place in range(SMALL.packages)}
    for place in range(SMALL.packages):
        releases = describe_package(SMALL, place)
        versions = [Version(release.version) for release in releases]
        assert versions == sorted(set(versions))
        for release in releases:
            assert release.name == canonical(release.name)
            SpecifierSet(release.python or "")
            assert {Requirement(text).name for text in release.requires} <= known - {release.name}


def test_the_newest_releases_agree() -> None:
    newest = {package_name(place): describe_package(SMALL, place)[-1] for place in range(SMALL.packages)}
    for release in newest.values():
        for text in release.requires:
            requirement = Requirement(text)
            assert requirement.specifier.contains(newest[requirement.name].version)


def test_a_few_packages_are_required_by_most() -> None:
    shape = Shape(packages=200)
    required = [
        Requirement(text).name
        for place in range(shape.packages)
        for text in describe_package(shape, place)[-1].requires
    ]
    top = sum(required.count(package_name(place)) for place in range(20))
    assert top > len(required) / 4
    assert set(roots(shape, 5)) <= {package_name(place) for place in range(100, 200)}


def test_ten_thousand_packages_start_at_once_and_serve_any_page() -> None:
    begin = time.process_time()
    with FakeIndex(generated_world(Shape(packages=10_000))) as index:
        assert time.process_time() - begin < 2
        name = package_name(9_999)
        page = ask(f"{index.url}{name}/", {"Accept": JSON})
        assert page.json["versions"]
        assert len(index.world.names()) == 10_000


def test_a_generated_world_can_be_changed() -> None:
    world = generated_world(SMALL)
    name = package_name(1)
    world.serve(name, "999", requires=[])
    world.remove(package_name(2))
    project = world.project(name)
    assert project is not None
    assert project.releases[-1].version == "999"
    assert len(project.releases) == len(describe_package(SMALL, 1)) + 1
    assert world.project(package_name(2)) is None
    assert package_name(2) not in world.names()

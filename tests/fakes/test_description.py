"""A world can be written down as TOML."""

from __future__ import annotations

import re

import pytest

from tests.fakes.index import description
from tests.fakes.index.description import WorldMistake, read_scene

EXAMPLE = re.sub(r"(?m)^    ", "", (description.__doc__ or "").partition("\n")[2])


def test_the_example_of_the_documentation_is_read() -> None:
    scene = read_scene(EXAMPLE)
    assert (scene.dialect, scene.latency, scene.max_age, scene.files_elsewhere) == ("json", 0.02, 600, False)
    assert len(scene.world.names()) == 302
    a, b = scene.world.project("a"), scene.world.project("b")
    assert a is not None
    assert b is not None
    (release,) = a.releases
    assert (release.requires, release.extras, release.sdist, release.yanked) == (
        ("b>=1",),
        {"x": ("c",)},
        "dynamic",
        "broken",
    )
    assert [(one.version, one.requires, one.python) for one in b.releases] == [
        ("1.0", (), None),
        ("2.0", ("c<2; python_version < '3.12'",), None),
        ("3.0", ("c",), ">=3.10"),
    ]
    assert b.status == "archived"


def test_both_forms_and_both_spellings_mean_the_same() -> None:
    long = read_scene('[[package]]\nname = "a"\nversion = "1"\nrequires = ["b"]\nbuild-requires = ["c"]')
    short = read_scene('[packages.a]\n1 = { requires = ["b"], build_requires = ["c"] }')
    one, two = long.world.project("a"), short.world.project("a")
    assert one is not None
    assert two is not None
    assert one.releases == two.releases
    assert one.releases[0].build_requires == ("c",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("colour = 1", "unknown keys: colour"),
        ('dialect = "latin"', "unknown dialect `latin`"),
        ('[[package]]\nname = "a"', "without name or version"),
        ("package = 1", "no array"),
        ("[packages]\na = 1", "`packages.a`"),
        ("[packages.a]\n1 = 1", "`a 1`"),
        ("[packages.a]\n1 = { colour = 1 }", "unknown fields of `a 1`: colour"),
        ("[generated]\ncolour = 1", "unknown fields of `generated`: colour"),
        ('[packages.a]\n1 = []\n[status]\na = "sad"', "unknown status `sad`"),
    ],
)
def test_mistakes_are_named(text: str, words: str) -> None:
    with pytest.raises(WorldMistake, match=re.escape(words)):
        read_scene(text)

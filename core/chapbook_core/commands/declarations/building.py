"""The command that makes distributions of a project."""

from __future__ import annotations

from chapbook_core.commands.command import Command, Example, Option

BUILD = Command(
    name="build",
    summary="Build the source distribution and the wheel of the project",
    run="chapbook_core.commands.build:run",
    description=(
        "Both are built unless formats are named. Projects of Poetry and of Chapbook are built at once; "
        "any other backend is run in an environment of its own, as is one with a build script. "
        "A file gets its name only when it is whole, and all of them only when every one is built."
    ),
    options=(
        Option(
            "format",
            "what to build",
            short="f",
            value="FORMAT",
            repeated=True,
            commas=True,
            choices=("sdist", "wheel", "all"),
        ),
        Option("sdist", "build the source distribution"),
        Option("wheel", "build the wheel"),
        Option("wheel-from-sdist", "build the wheel from the source distribution, as others will do"),
        Option("clean", "remove the distributions that are there already"),
        Option(
            "output", "where to put them, by default `dist` of the project", short="o", value="DIR", completes="path"
        ),
        Option("config-settings", "what to tell the backend, as KEY=VALUE", short="c", value="SETTING", repeated=True),
        Option("local-version", "a local version to build as, such as `cpu`", short="l", value="LABEL"),
        Option("isolated", "run the declared backend in an environment of its own, whatever it is"),
    ),
    examples=(
        Example("build", "build the source distribution and the wheel into `dist`"),
        Example("build --wheel -o /tmp/wheels", "build the wheel alone, into another folder"),
        Example("build --clean --wheel-from-sdist", "build as a release should be, and leave nothing older there"),
        Example("build -l cpu", "build a version like `1.2.3+cpu`"),
    ),
)

COMMANDS = (BUILD,)

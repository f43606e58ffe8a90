"""The commands about the lock."""

from __future__ import annotations

from chapbook_core.commands.command import Command, Example, Option

NETWORK = (
    Option("offline", "ask no index; use what the cache holds"),
    Option("refresh", "ask the indexes about everything again"),
)

LOCK = Command(
    name="lock",
    summary="Choose a version of every package, and write them down",
    run="chapbook_core.commands.lock:run",
    description=(
        "The versions that `poetry.lock` holds stay where they still fit; `--regenerate` chooses all anew. "
        "A lock with the marks of an unfinished git merge is merged: both sides' versions stay where they fit together."
    ),
    options=(
        Option("regenerate", "forget the versions of the present lock"),
        Option("check", "change nothing; fail when the lock does not belong to the project file"),
        Option("dry-run", "say what would change, and change nothing"),
        Option("prefer", "keep this package new, if need be at the cost of others", value="NAME", repeated=True),
        Option(
            "resolution",
            "which version is the best one",
            value="WHICH",
            choices=("newest", "lowest", "lowest-direct"),
        ),
        Option(
            "fork-strategy",
            "one version for all Pythons, or the best for each",
            value="WHICH",
            choices=("fewest", "requires-python"),
        ),
        *NETWORK,
    ),
    exclusive=(frozenset({"offline", "refresh"}), frozenset({"check", "regenerate"}), frozenset({"check", "dry-run"})),
    examples=(
        Example("lock", "bring `poetry.lock` up to date with `pyproject.toml`"),
        Example("lock --regenerate --prefer s3fs", "choose all versions anew, and keep `s3fs` new"),
        Example("lock --check", "fail in a build when someone forgot to lock"),
    ),
)

COMMANDS = (LOCK,)

"""The commands about the lock."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option, Writes
from chapbook_core.commands.declarations.index import READING_EXCLUSIVE, READING_OPTIONS

LOCK = Command(
    name="lock",
    summary="Choose a version of every package, and write them down",
    run="chapbook_core.commands.lock:run",
    writes=Writes(not_with=frozenset({"check", "dry-run"})),
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
        Option("no-build", "run no build backend; releases that need one to tell their requirements are passed over"),
        Option("format", "how to print the result", value="FORMAT", choices=("text", "json")),
        *READING_OPTIONS,
    ),
    exclusive=(READING_EXCLUSIVE, frozenset({"check", "regenerate"}), frozenset({"check", "dry-run"})),
    examples=(
        Example("lock", "bring `poetry.lock` up to date with `pyproject.toml`"),
        Example("lock --regenerate --prefer s3fs", "choose all versions anew, and keep `s3fs` new"),
        Example("lock --check", "fail in a build when someone forgot to lock"),
    ),
)

MERGE_DRIVER_INSTALL = Command(
    name="merge-driver install",
    summary="Let git merge `poetry.lock` by itself in this clone",
    run="chapbook_core.commands.merge_driver:install",
    writes=Writes(),
    description=(
        "From then on `git merge` and `git rebase` leave no conflict marks in the lock: of each package the side that "
        "changed it wins, the newer version when both did. Run `chapbook lock` afterwards."
    ),
    examples=(Example("merge-driver install", "add a rule to `.gitattributes` and a driver to git's configuration"),),
)
MERGE_DRIVER_RUN = Command(
    name="merge-driver run",
    summary="Merge two sides of a lock; git calls it",
    run="chapbook_core.commands.merge_driver:run",
    arguments=(Argument("files", "the common ancestor, our side and their side", repeated=True, completes="path"),),
    examples=(Example("merge-driver run base ours theirs", "put both sides together in the file `ours`"),),
)

COMMANDS = (LOCK, MERGE_DRIVER_INSTALL, MERGE_DRIVER_RUN)

"""The commands that change what a project requires, and what of it is locked."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option, Writes
from chapbook_core.commands.declarations.groups import GROUP_OPTIONS
from chapbook_core.commands.declarations.index import READING_EXCLUSIVE, READING_OPTIONS
from chapbook_core.commands.declarations.live import LIVE_EXCLUSIVE, LIVE_OPTIONS

_GROUP = Option(
    "group", "the group, instead of the project's own requirements", short="G", value="GROUP", completes="group"
)
_DEV = Option("dev", "the same as `--group dev`", short="D")
_DRY_RUN = Option("dry-run", "say what would change, and change nothing")
_LOCK = Option("lock", "change `pyproject.toml` and `poetry.lock`, and install nothing")
_FORMAT = Option("format", "how to print the result", value="FORMAT", choices=("text", "json"))
_ONE_GROUP = frozenset({"group", "dev"})
_TIMING = (LIVE_EXCLUSIVE, frozenset({"lock", "apply-now"}))
_WRITES = Writes(not_with=frozenset({"dry-run"}))

ADD = Command(
    name="add",
    summary="Require packages: in the project file, the lock and the environment",
    run="chapbook_core.commands.add:run",
    writes=_WRITES,
    description=(
        "A package is named as in `pandas`, `pandas@^2.2`, `pandas>=2,<3`, `pandas[excel]`, `pandas@latest`, or by a "
        "path, an address or `git+https://...`. Without a version its newest release is required that suits the "
        "project's Pythons, or the newest that fits with everything else. "
        "Nothing is written unless everything can be had."
    ),
    arguments=(Argument("name", "the packages", repeated=True, completes="package"),),
    options=(
        _GROUP,
        _DEV,
        Option("editable", "use a folder or repository as it is, so that edits take effect at once", short="e"),
        Option("extras", "extras of the package", short="E", value="EXTRAS", repeated=True, commas=True),
        Option("optional", "require it only for this extra of the project", value="EXTRA", completes="extra"),
        Option("python", "the Pythons it is needed for, as in `<3.13`", value="CONSTRAINT"),
        Option("platform", "the platform it is needed on, as in `win32`", value="PLATFORM"),
        Option("markers", "the environments it is needed in, as a marker of PEP 508", value="MARKERS"),
        Option("source", "the source it must come from", value="NAME", completes="source"),
        Option("allow-prereleases", "take pre-releases too"),
        _DRY_RUN,
        _LOCK,
        *LIVE_OPTIONS,
        _FORMAT,
        *READING_OPTIONS,
    ),
    exclusive=(READING_EXCLUSIVE, *_TIMING, _ONE_GROUP),
    examples=(
        Example("add pandas", "require the newest pandas"),
        Example("add 'requests[socks]@^2.30' 'idna>=3,<4'", "require what fits the constraints"),
        Example("add --group dev pytest ruff", "require two packages for developers alone"),
        Example("add --editable ../mylib", "require the project in a folder beside this one"),
    ),
)

REMOVE = Command(
    name="remove",
    summary="Require packages no more",
    run="chapbook_core.commands.remove:run",
    writes=_WRITES,
    description=(
        "Without a group a package is removed wherever the project requires it. "
        "Groups that are left empty go, and so does what includes them."
    ),
    arguments=(Argument("name", "the packages", repeated=True, completes="package"),),
    options=(_GROUP, _DEV, _DRY_RUN, _LOCK, *LIVE_OPTIONS, _FORMAT, *READING_OPTIONS),
    exclusive=(READING_EXCLUSIVE, *_TIMING, _ONE_GROUP),
    examples=(
        Example("remove pandas", "require pandas nowhere"),
        Example("remove --group dev pytest", "leave pytest to the other groups"),
    ),
)

UPDATE = Command(
    name="update",
    summary="Lock the newest versions that the project file allows",
    run="chapbook_core.commands.update:run",
    writes=_WRITES,
    description=(
        "Without names everything may change; with names only they do, and what has to change with them. "
        "The constraints of `pyproject.toml` stay: `chapbook up` raises them."
    ),
    arguments=(Argument("name", "the packages", required=False, repeated=True, completes="package"),),
    options=(
        *GROUP_OPTIONS,
        Option("sync", "also take out of the environment what is not locked"),
        _DRY_RUN,
        _LOCK,
        *LIVE_OPTIONS,
        _FORMAT,
        *READING_OPTIONS,
    ),
    exclusive=(READING_EXCLUSIVE, *_TIMING),
    examples=(
        Example("update", "take the newest of everything"),
        Example("update numpy pandas --dry-run", "show what newer versions of the two would change"),
    ),
)

UP = Command(
    name="up",
    summary="Raise the constraints of the project file to the newest releases",
    run="chapbook_core.commands.up:run",
    writes=_WRITES,
    description=(
        "Every constraint keeps its style: `^1.2` becomes `^2.0`, `>=1.2,<2.0` becomes `>=2.0,<3.0`, `==1.2.3` another "
        "exact version. Where the newest releases do not fit together, the newest are taken that do."
    ),
    arguments=(Argument("name", "only these packages", required=False, repeated=True, completes="package"),),
    options=(
        Option("group", "only this group", short="G", value="GROUP", repeated=True, commas=True, completes="group"),
        Option("pre", "take pre-releases too"),
        Option("interactive", "choose among the packages", short="i"),
        _DRY_RUN,
        _LOCK,
        *LIVE_OPTIONS,
        _FORMAT,
        *READING_OPTIONS,
    ),
    exclusive=(READING_EXCLUSIVE, *_TIMING),
    examples=(
        Example("up", "raise every constraint"),
        Example("up --interactive", "show what could be raised, and choose"),
        Example("up numpy --dry-run", "show what a newer numpy would change"),
    ),
)

COMMANDS = (ADD, REMOVE, UPDATE, UP)

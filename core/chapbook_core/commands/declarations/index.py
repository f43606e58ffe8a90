"""The commands about package indexes and what is kept of them."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option

OFFLINE = Option("offline", "ask no index; use what the cache knows, however old")
REFRESH = Option("refresh", "ask the indexes about everything, however fresh the cache is")
READING_OPTIONS = (OFFLINE, REFRESH)
"""For every command that reads indexes; `commands.index_mode` reads them."""
READING_EXCLUSIVE = frozenset({"offline", "refresh"})

_WHEELS = Option("wheels", "the unpacked wheels that all projects share, in place of what indexes have said")
_OTHERS = Option("others", "what was made besides: kernel overlays, build environments, sources and the like")
_EXCLUSIVE = frozenset({"wheels", "others"})
_FORMAT = Option("format", "how to print the result", short="f", value="FORMAT", choices=("text", "json"))

CACHE_LIST = Command(
    name="cache list",
    summary="List the packages that the cache knows",
    run="chapbook_core.commands.cache:list_packages",
    arguments=(Argument("text", "only names that hold this", required=False),),
    options=(_WHEELS, _OTHERS),
    exclusive=(_EXCLUSIVE,),
    examples=(
        Example("cache list numpy", "list the known packages with `numpy` in their name"),
        Example("cache list --wheels", "list the wheels that are kept, with their sizes"),
        Example("cache list --others kernel", "list what kernels share, and what is in use of it"),
    ),
)

CACHE_CLEAR = Command(
    name="cache clear",
    summary="Forget what indexes have said, or remove wheels",
    run="chapbook_core.commands.cache:clear",
    description="Everything forgotten is fetched again when it is needed. Without a name everything goes.",
    arguments=(Argument("package", "only what is kept about these", required=False, repeated=True),),
    options=(Option("all", "forget everything; as without a package"), _WHEELS, _OTHERS),
    exclusive=(_EXCLUSIVE,),
    examples=(
        Example("cache clear", "forget everything"),
        Example("cache clear numpy", "forget what is kept about numpy"),
        Example("cache clear --wheels torch", "remove the wheels of torch"),
        Example("cache clear --others", "remove what can be made again, unless it is in use"),
    ),
)

CACHE_INFO = Command(
    name="cache info",
    summary="Show where the cache is, what is in it, and how large",
    run="chapbook_core.commands.cache:info",
    options=(_FORMAT,),
    examples=(Example("cache info", "print the file of the index cache and what else is kept"),),
)

CACHE_PRUNE = Command(
    name="cache prune",
    summary="Remove what has not been used for some time",
    run="chapbook_core.commands.cache_prune:prune",
    description=(
        "Wheels that no environment was made with for a while go; so do kernel overlays, build environments, sources "
        "and the like, and at once what nobody can use any more: what belongs to a Python, an environment or a wheel "
        "that is gone. Environments keep what they have. What a running command or kernel uses stays."
    ),
    options=(
        Option("days", "unused for so many days; a month unless given", value="DAYS"),
        Option("laid-out", "also what was compiled and laid out ahead; it is made again when it is needed"),
        Option("dry-run", "say what would go, and remove nothing"),
    ),
    examples=(
        Example("cache prune", "remove wheels that were not used for a month"),
        Example("cache prune --days 0 --dry-run", "see how much room all of them take"),
    ),
)

SEARCH = Command(
    name="search",
    summary="Look for packages",
    run="chapbook_core.commands.search:run",
    description=(
        "Indexes cannot be searched by words any more: a package is found by its exact name, "
        "and those that the cache knows also by a part of it."
    ),
    arguments=(Argument("name", "the name of a package, or a part of it", repeated=True, completes="package"),),
    options=(_FORMAT, *READING_OPTIONS),
    exclusive=(READING_EXCLUSIVE,),
    examples=(Example("search numpy", "show the newest numpy, and known names with `numpy` in them"),),
)

COMMANDS = (SEARCH, CACHE_LIST, CACHE_INFO, CACHE_CLEAR, CACHE_PRUNE)

"""The commands about package indexes and what is kept of them."""

from __future__ import annotations

from chapbook_core.commands.command import Argument, Command, Example, Option

OFFLINE = Option("offline", "ask no index; use what the cache knows, however old")
REFRESH = Option("refresh", "ask the indexes about everything, however fresh the cache is")
READING_OPTIONS = (OFFLINE, REFRESH)
"""For every command that reads indexes; `commands.index_mode` reads them."""
READING_EXCLUSIVE = frozenset({"offline", "refresh"})

CACHE_LIST = Command(
    name="cache list",
    summary="List the packages that the index cache knows",
    run="chapbook_core.commands.cache:list_packages",
    arguments=(Argument("text", "only names that hold this", required=False),),
    examples=(Example("cache list numpy", "list the known packages with `numpy` in their name"),),
)

CACHE_CLEAR = Command(
    name="cache clear",
    summary="Forget what indexes have said",
    run="chapbook_core.commands.cache:clear",
    description="Everything forgotten is fetched again when it is needed. Without a name everything goes.",
    arguments=(Argument("package", "only what is kept about these", required=False, repeated=True),),
    options=(Option("all", "forget everything; as without a package"),),
    examples=(
        Example("cache clear", "forget everything"),
        Example("cache clear numpy", "forget what is kept about numpy"),
    ),
)

CACHE_INFO = Command(
    name="cache info",
    summary="Show where the index cache is, and how large",
    run="chapbook_core.commands.cache:info",
    examples=(Example("cache info", "print the file, its size and what it holds"),),
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
    options=READING_OPTIONS,
    exclusive=(READING_EXCLUSIVE,),
    examples=(Example("search numpy", "show the newest numpy, and known names with `numpy` in them"),),
)

COMMANDS = (SEARCH, CACHE_LIST, CACHE_INFO, CACHE_CLEAR)

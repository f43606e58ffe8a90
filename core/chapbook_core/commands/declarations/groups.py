"""The options that choose groups and extras, for every command that has to do with a part of the lock."""

from __future__ import annotations

from chapbook_core.commands.command import Option

WITH = Option("with", "optional groups to take as well", value="GROUPS", repeated=True, commas=True, completes="group")
WITHOUT = Option("without", "groups to leave out", value="GROUPS", repeated=True, commas=True, completes="group")
ONLY = Option("only", "the only groups to take", value="GROUPS", repeated=True, commas=True, completes="group")
ALL_GROUPS = Option("all-groups", "take every group, the optional ones too")
EXTRAS = Option(
    "extras", "extras of the project to take", short="E", value="EXTRAS", repeated=True, commas=True, completes="extra"
)
ALL_EXTRAS = Option("all-extras", "take every extra of the project")

GROUP_OPTIONS = (WITH, WITHOUT, ONLY)
"""Where no option is given, every group is taken that is not optional."""
INSTALL_OPTIONS = (*GROUP_OPTIONS, ALL_GROUPS, EXTRAS, ALL_EXTRAS)
INSTALL_EXCLUSIVE = (
    frozenset({"extras", "all-extras"}),
    frozenset({"all-groups", "only"}),
    frozenset({"all-groups", "with"}),
    frozenset({"all-groups", "without"}),
)
"""Of these only one may be given; `commands.wanted` reads the options."""

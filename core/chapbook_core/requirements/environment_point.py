"""An environment as a point of the decision diagram: each variable's value, looked up when it is asked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from chapbook_core.requirements.interpreter_version import integer_of
from chapbook_core.requirements.marker_variable import (
    EXTRA,
    EXTRAS,
    GROUPS,
    PYTHON,
    TEXT,
    VERSIONS,
    name_of,
    text_comparison_of,
)
from chapbook_core.requirements.name import canonical_name
from chapbook_core.requirements.release_comparison import release_value

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from chapbook_core.requirements.diagram import Value


class EnvironmentPoint:
    """What `diagram.contains` asks: the values of an environment, and which extras and groups are active."""

    __slots__ = ("_environment", "_extras", "_groups")

    def __init__(self, environment: Mapping[str, str], extras: Collection[str], groups: Collection[str]) -> None:
        self._environment = environment
        self._extras = frozenset(map(canonical_name, extras))
        self._groups = frozenset(map(canonical_name, groups))

    def get(self, variable: str) -> Value:
        """Return the value of a variable of the diagram; raises KeyError when the environment does not tell it."""
        if variable == PYTHON:
            return self._python()
        if variable.startswith(EXTRA):
            return int(variable.removeprefix(EXTRA) in self._extras)
        if variable.startswith(EXTRAS):
            return int(variable.removeprefix(EXTRAS) in self._extras)
        if variable.startswith(GROUPS):
            return int(variable.removeprefix(GROUPS) in self._groups)
        if variable.startswith(TEXT):
            return int(self._compares(variable))
        name = name_of(variable)
        return release_value(self._environment[name]) if name in VERSIONS else self._environment[name]

    def _python(self) -> int:
        full = self._environment.get("python_full_version")
        return integer_of(f"{self._environment['python_version']}.0" if full is None else full)

    def _compares(self, variable: str) -> bool:
        name, operator, literal = text_comparison_of(variable)
        # Without an extra, PEP 508 compares with an empty text.
        values = (self._extras or {""}) if name == "extra" else {self._environment[name]}
        match operator:
            case "==":
                return literal in values
            case "in":
                return any(value in literal for value in values)
            case _:
                return any(literal in value for value in values)

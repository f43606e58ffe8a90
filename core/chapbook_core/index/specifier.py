"""Version specifiers of published metadata: read as PEP 440 has them, repaired where they once were let pass."""

from __future__ import annotations

import re
from functools import lru_cache

from chapbook_core.pattern import late_pattern
from chapbook_core.requirements.constraint import ANY, Constraint, parse_constraint
from chapbook_core.value import frozen

# As many digits as Python reads, and more than anybody means.
_DIGITS = "[0-9]{1,99}"
_NUMBER = rf"{_DIGITS}(?:\.{_DIGITS})*"
_VERSION = rf"{_NUMBER}(?:(?:a|b|rc){_DIGITS})?(?:\.post{_DIGITS})?(?:\.dev{_DIGITS})?"
_CLAUSE = rf"(?:(?:<=?|>=?|==|!=)\s*{_VERSION}|[=!]=\s*{_NUMBER}\.\*|~=\s*{_DIGITS}(?:\.{_DIGITS})+)"
PLAIN_SPECIFIER = rf"{_CLAUSE}(?:\s*,\s*{_CLAUSE})*"
"""The pattern of a specifier that is certainly valid, without going through `packaging`; few are of another form."""

_PLAIN = late_pattern(rf"\s*{PLAIN_SPECIFIER}\s*", re.ASCII)


@frozen
class RequiresPython:
    """Which Pythons a file is for."""

    pythons: Constraint
    note: str = ""
    """What a person should know when the text had to be repaired, or could not be."""


@lru_cache(maxsize=4096)
def read_requires_python(text: str) -> RequiresPython:
    """Return what a Requires-Python means; a text without meaning demands nothing, as every installer has it."""
    if _PLAIN.fullmatch(text):
        return RequiresPython(parse_constraint("".join(text.split())))
    # Imported here because hardly a text needs it.
    from chapbook_core.index.requirement_repair import repair_specifier

    repaired = repair_specifier(text)
    if repaired is None:
        return RequiresPython(ANY, f"Requires-Python `{text}` has no meaning and is ignored")
    if not repaired.text:
        return RequiresPython(ANY)
    return RequiresPython(parse_constraint("".join(repaired.text.split())), repaired.note)

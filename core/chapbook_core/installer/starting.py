"""The files of a wheel that Python runs at each of its starts, whatever a person runs."""

from __future__ import annotations

from chapbook_core.pattern import late_pattern

_RUN = late_pattern(rb"(?:\A(?:\xef\xbb\xbf)?|[\n\r\x0b\x0c\x1c-\x1e]|\xc2\x85|\xe2\x80[\xa8\xa9])import[ \t]")
"""A line of a `.pth` file that is code; some Pythons end lines at all that Unicode calls an end."""
_MODULES = ("sitecustomize", "usercustomize")
_PACKAGE = late_pattern(r"(?:[^/]+\.data/(?:purelib/|platlib/|data/(?:.*/)?site-packages/))?([^/]+)(/__init__)?\.[^/]+")
"""What lies where Python looks for modules."""
_SUFFIXES = (".pth", ".start")
_INNER = "customize"
STARTING = tuple(part.encode() for part in (*_SUFFIXES, _INNER))
"""Of which one at least is in the path of each such file."""


def runs_at_start(path: str, content: bytes | bytearray, *, is_whole: bool = True) -> bool:
    """Tell whether a file of a wheel makes every start of Python run code.

    Of its content the begin is enough; a list of folders as long as that is taken for code unless all of it was seen.
    """
    if not may_run_at_start(path):
        return False
    found = _PACKAGE.fullmatch(path)
    if found is None:
        return False
    name, inner = found.groups()
    if inner is None and path.endswith(".pth"):
        return not is_whole or starts_code(content)
    if inner is None and path.endswith(".start"):
        return not is_whole or _names_calls(content)
    # An extension module has its platform between its name and its suffix.
    return name.partition(".")[0] in _MODULES


def may_run_at_start(path: str) -> bool:
    """Tell whether the content of a file has to be asked; hardly one is of these, and wheels have thousands."""
    return path.endswith(_SUFFIXES) or _INNER in path


def starts_code(content: bytes | bytearray) -> bool:
    """Tell whether a `.pth` file makes every start of Python run code."""
    return _RUN.search(content) is not None


def _names_calls(content: bytes | bytearray) -> bool:
    """Tell whether a `.start` file names anything to be called (PEP 829); Python reads these from 3.15 on."""
    lines = content.decode("utf-8-sig", "replace").splitlines()
    return any(line.strip() and not line.strip().startswith("#") for line in lines)

"""Script: a command that a wheel brings, and the names that no command may have."""

from __future__ import annotations

import keyword
import re
from typing import NamedTuple

from chapbook_core.installer.bad_wheel import Refusal
from chapbook_core.installer.member_name import check_path, folded
from chapbook_core.pattern import late_pattern

_CONSOLE, _GUI = "console_scripts", "gui_scripts"
_VALUE = late_pattern(r"([\w.]+)\s*(?::\s*([\w.]+))?\s*(?:\[[^\]]*\])?")
# The interpreters of an environment, by every name that they are put there under, or that Windows would run instead.
_INTERPRETER = late_pattern(
    r"(?:python|pythonw|pypy|pypyw|graalpy)(?:\d+(?:\.\d+)*)?[td]?(?:\.(?:com|bat|cmd|ps1|vb[es]|jse?|ws[fh]|msc))?",
    re.IGNORECASE | re.ASCII,
)
_ENVIRONMENT = late_pattern(r"(?:activate(?:_this)?|deactivate|pydoc)(?:\.[a-z0-9]+)?", re.IGNORECASE | re.ASCII)
_OWN_FILES = frozenset({"pyvenv.cfg", ".gitignore", "cachedir.tag", ".chapbook"})


class Script(NamedTuple):
    """A command: its name and the function that it calls."""

    name: str
    module: str
    attribute: str
    is_gui: bool = False


def parse_entry_points(body: bytes) -> tuple[Script, ...]:
    """Return the commands that an `entry_points.txt` declares; raises Refusal."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Refusal("malformed entry points: not UTF-8", "entry_points.txt") from None
    scripts: dict[str, Script] = {}
    group = ""
    for raw in text.splitlines():
        line = raw.strip()
        if not line or line[0] in "#;":
            continue
        if line[0] == "[" and line[-1] == "]":
            group = line[1:-1].strip()
        elif group in {_CONSOLE, _GUI}:
            script = _script(line, is_gui=group == _GUI)
            if folded(script.name) in scripts:
                raise Refusal("malformed entry point: two scripts of one name", script.name)
            scripts[folded(script.name)] = script
    return tuple(scripts.values())


def _script(line: str, *, is_gui: bool) -> Script:
    name, equals, value = (part.strip() for part in line.partition("="))
    if not equals:
        raise Refusal("malformed entry point: no `=` in it", line)
    check_script_name(name)
    match = _VALUE.fullmatch(value)
    if match is None or not match[2] or not all(map(_is_identifier, f"{match[1]}.{match[2]}".split("."))):
        raise Refusal("malformed entry point: not `module:function`", line)
    return Script(name, match[1], match[2], is_gui)


def _is_identifier(part: str) -> bool:
    return part.isidentifier() and not keyword.iskeyword(part)


def check_script_name(name: str) -> None:
    """Raise Refusal unless a file of this name may stand among an environment's programs."""
    try:
        check_path(name)
    except Refusal as problem:
        raise Refusal(f"invalid script name: {problem.what.removeprefix('unsafe path: ')}", name) from None
    if "/" in name:
        raise Refusal("invalid script name: a path", name)
    if is_reserved(name):
        raise Refusal("a script would replace the interpreter or a file of the environment", name)


def is_reserved(name: str) -> bool:
    """Tell whether a program of this name belongs to the environment itself."""
    plain = name[:-4] if name.lower().endswith(".exe") else name
    return bool(_INTERPRETER.fullmatch(plain) or _ENVIRONMENT.fullmatch(plain))


def is_of_environment(path: str) -> bool:
    """Tell whether a path below the top of an environment, on whatever platform, belongs to the environment itself."""
    first, _, rest = path.partition("/")
    if first.lower() in _OWN_FILES:
        return True
    return first.lower() in {"bin", "scripts"} and "/" not in rest and is_reserved(rest)

"""Imports between the modules of one package, made relative: a notebook imports by the full name, a module need not."""

from __future__ import annotations

import ast
import re


def with_relative_imports(text: str, tree: ast.Module, package: str, top: str) -> str:
    """Return the text with each `from top.x import y` relative to the package that its module is in."""
    if not top:
        return text
    lines = text.split("\n")
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and not node.level and node.module and node.module.partition(".")[0] == top:
            row = node.lineno - 1
            line = lines[row].encode()
            head, tail = line[: node.col_offset].decode(), line[node.col_offset :].decode()
            # Whoever puts spaces around the dots keeps the full name.
            pattern = rf"from(\s+){re.escape(node.module)}(?=\s)"
            lines[row] = head + re.sub(pattern, rf"from\g<1>{relative_name(node.module, package)}", tail, count=1)
    return "\n".join(lines)


def relative_name(module: str, package: str) -> str:
    """Return a module's name from inside a package that has at least the first part in common with it."""
    wanted, here = module.split("."), package.split(".")
    common = 0
    while common < min(len(wanted), len(here)) and wanted[common] == here[common]:
        common += 1
    return "." * (len(here) - common + 1) + ".".join(wanted[common:])

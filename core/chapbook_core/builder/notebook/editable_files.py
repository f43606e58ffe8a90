"""What an editable installation of a project puts beside the installed packages to import from its notebooks."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from chapbook_core.builder.notebook.export_rules import export_rules, exports_notebooks
from chapbook_core.requirements.name import canonical_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chapbook_core.builder.notebook.hook.rule import Rule
    from chapbook_core.project.manifest import Manifest

_HOOK = Path(__file__).with_name("hook")
_FINDER = "finder.py"


def editable_files(manifest: Manifest) -> dict[str, bytes]:
    """Return the files by their names in the folder of installed packages; raises FileMistakes.

    They need nothing but the standard library of Python 3.9, and what they cost an interpreter that imports nothing of
    the project is one more finder. Nothing is returned for a project whose notebooks are no sources.
    """
    rules = export_rules(manifest) if exports_notebooks(manifest) else ()
    if not rules:
        return {}
    name = canonical_name(manifest.name or manifest.folder.name).replace("-", "_")
    package = f"_chapbook_notebooks_{name}"
    files = {
        f"{package}/{file.name}": file.read_bytes()
        for file in sorted(_HOOK.glob("*.py"))
        if file.name not in {"__init__.py", _FINDER}
    }
    start = (_HOOK / _FINDER).read_bytes() + _call(manifest, rules).encode()
    return {f"{package}.pth": f"import {package}\n".encode(), f"{package}/__init__.py": start, **files}


def _call(manifest: Manifest, rules: Sequence[Rule]) -> str:
    values = [tuple(rule) for rule in rules]
    return f"\n\ninstall(\n    {str(manifest.folder)!r},\n    {values!r},\n    {_tops(manifest, rules)!r},\n)\n"


def _tops(manifest: Manifest, rules: Sequence[Rule]) -> list[str]:
    tops = {rule.top for rule in rules if rule.package}
    if any(not rule.package for rule in rules):
        # Modules that stand by themselves are known from the notebooks alone.
        from chapbook_core.builder.notebook.hook.collecting import collect

        tops |= {name.partition(".")[0] for name in collect(str(manifest.folder), rules).modules}
    return sorted(tops)

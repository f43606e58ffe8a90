"""The `setup.py` that a project asks for with `generate-setup-file`, for a build script that extends its keywords."""

from __future__ import annotations

from pathlib import PurePosixPath
from pprint import pformat
from typing import TYPE_CHECKING

from chapbook_core.builder.package_files import package_files
from chapbook_core.builder.package_layout import packages_of
from chapbook_core.builder.python_support import requires_python

if TYPE_CHECKING:
    from chapbook_core.builder.distribution import Distribution

_TEXT = """\
from setuptools import setup

setup_kwargs = {keywords}

{script}setup(**setup_kwargs)
"""


def setup_text(distribution: Distribution) -> str:
    """Return a setup file that knows the packages; what it requires and describes stands in pyproject.toml."""
    about = distribution.manifest.about
    keywords: dict[str, object] = {
        "name": distribution.name,
        "version": distribution.version,
        "description": about.description,
        **_modules(distribution),
    }
    if python := requires_python(distribution.manifest):
        keywords["python_requires"] = python
    return _TEXT.format(keywords=pformat(keywords, sort_dicts=False), script=_script_text(distribution.script))


def _script_text(script: str | None) -> str:
    if script is None:
        return ""
    name = ".".join(PurePosixPath(script).with_suffix("").parts)
    return f"from {name} import *\nbuild(setup_kwargs)\n\n"


def _modules(distribution: Distribution) -> dict[str, object]:
    folders: dict[str, list[str]] = {}
    modules = []
    for member in package_files(distribution, "wheel").members():
        path = PurePosixPath(member.target)
        if len(path.parts) > 1:
            folders.setdefault(".".join(path.parent.parts), []).append(path.name)
        elif path.suffix == ".py":
            modules.append(path.stem)
    sources = {package.source for package in packages_of(distribution, "wheel") if package.source}
    return {
        "package_dir": {"": min(sources)} if len(sources) == 1 else {},
        "packages": sorted(name for name, files in folders.items() if any(file.endswith(".py") for file in files)),
        "package_data": {"": ["*"]},
        "py_modules": sorted(modules),
    }

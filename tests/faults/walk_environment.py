"""What an environment has to hold, told from the lock alone and by another one's reading of markers."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from tests.faults.walk_steps import Words

    Package = Mapping[str, Any]

_PARTIAL = ("--with", "--without", "--only")
_FACTS: dict[str, dict[str, str]] = {}
_TELLING = """
import json, os, platform, sys
minor = "%d.%d" % sys.version_info[:2]
full = platform.python_version()
print(json.dumps(
    {"python_version": minor, "python_full_version": full, "sys_platform": sys.platform, "os_name": os.name}
))
"""


def judge_environment(environment: Path, locked: Iterable[Package], words: Words, own: str) -> list[str]:
    """Return in what an environment differs from what is locked for it; `own` is the project itself."""
    library = next(environment.glob("lib/python*/site-packages"), None)
    if library is None:
        return ["there is no environment"]
    installed = dict(_named(path) for path in library.glob("*.dist-info"))
    fitting = {str(package["name"]): package for package in locked if _fits(package, _facts_of(environment))}
    wanted = {name: package for name, package in fitting.items() if not package["optional"]}
    wrong = []
    # What belongs to other groups alone is left as it is.
    if not any(word in _PARTIAL for word in words):
        wrong += [
            f"{name} {version} is installed, and {fitting[name]['version']} is locked"
            for name, version in installed.items()
            if name in fitting and fitting[name]["version"] != version
        ]
        wrong += [f"{name} {wanted[name]['version']} is not installed" for name in wanted.keys() - installed.keys()]
    if words == ("sync",):
        wrong += [f"{name} is installed, and nothing wants it" for name in installed.keys() - wanted.keys() - {own}]
    return wrong


def _named(information: Path) -> tuple[str, str]:
    name, _, version = information.name.removesuffix(".dist-info").rpartition("-")
    return canonicalize_name(name), version


def _fits(package: Package, facts: Mapping[str, str]) -> bool:
    markers = package.get("markers", "")
    texts = (markers if isinstance(markers, str) else markers.get(group, "") for group in package["groups"])
    return any(not text or Marker(text).evaluate({**facts, "extra": ""}) for text in texts)


def _facts_of(environment: Path) -> Mapping[str, str]:
    """Return the marker variables of an environment's Python."""
    python = environment / "bin" / "python"
    key = str(python.resolve())
    if key not in _FACTS:
        _FACTS[key] = json.loads(subprocess.run([python, "-c", _TELLING], capture_output=True, check=True).stdout)
    return _FACTS[key]

"""The `pip` behind `!pip` in the kernel of a project: it works on the project's environment, which has none of its own.

    python environment_pip.py WORDS...

Runs in the environment's Python, with the release of pip that every Python brings along for its environments.
"""

from __future__ import annotations

import json
import os
import runpy
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Sequence

_RECORDED = {"install": "add", "uninstall": "remove"}


def launch(words: Sequence[str]) -> None:
    """Become pip; what a project should know of is told."""
    command = next((word for word in words if not word.startswith("-")), "")
    if command in _RECORDED:
        does = f"`%poetry {_RECORDED[command]} PACKAGE` does both"
        sys.stderr.write(f"note: `pip {command}` changes the environment and not the project; {does}\n")
        sys.stderr.flush()
    os.environ.setdefault("PIP_DISABLE_PIP_VERSION_CHECK", "1")
    wheel = bundled()
    if wheel is None:
        # Some distributions of Linux leave it out; the tool's own pip may be too new, or missing, and says so.
        tool = _tool_python()
        os.execv(tool, [tool, "-m", "pip", "--python", sys.executable, *words])  # noqa: S606  no shell
    # Behind everything, so that pip does not list itself first; its own folder has no other module.
    sys.path.append(wheel)
    sys.argv = ["pip", *words]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


def bundled() -> str | None:
    """Return the wheel of pip that this Python brings along, if there is one."""
    try:
        import ensurepip
    except ImportError:
        return None
    folder = os.path.join(os.path.dirname(ensurepip.__file__), "_bundled")  # noqa: PTH118, PTH120  no pathlib needed
    names = os.listdir(folder) if os.path.isdir(folder) else []  # noqa: PTH112, PTH208  likewise
    wheels = sorted(name for name in names if name.startswith("pip-") and name.endswith(".whl"))
    return os.path.join(folder, wheels[-1]) if wheels else None  # noqa: PTH118  likewise


def _tool_python() -> str:
    own = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  likewise
    with open(os.path.join(own, "tool.json"), encoding="utf-8") as file:  # noqa: PTH118, PTH123  likewise
        return str(json.load(file)["python"])


if __name__ == "__main__":
    # Where this file is are modules of the magics.
    del sys.path[0]
    launch(sys.argv[1:])

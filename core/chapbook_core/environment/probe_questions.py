"""What an interpreter is asked: a program for any Python from 3.7 on, run on its own and never imported.

Its answer is one line of JSON.
"""

# ruff: noqa: PTH100, PTH118, PTH207  # paths as texts, because it must start quickly

from __future__ import annotations

import json
import os
import platform
import struct
import sys
import sysconfig

_PLACE = os.path.join(os.path.abspath(os.sep), "environment")


def layout() -> dict[str, str]:
    """Return where things are in an environment, relative to it."""
    names = sysconfig.get_scheme_names()
    fallback = "nt" if os.name == "nt" else "posix_prefix"
    if sys.implementation.name == "pypy" and "pypy" in names and "venv" not in names:
        fallback = "pypy" if os.name != "nt" else "pypy_nt"
    scheme = "venv" if "venv" in names else fallback
    places = dict.fromkeys(("base", "platbase", "installed_base", "installed_platbase"), _PLACE)
    paths = sysconfig.get_paths(scheme if scheme in names else fallback, vars=places)
    wanted = ("purelib", "platlib", "scripts", "data", "include")
    return {name: os.path.relpath(paths[name], _PLACE) for name in wanted}


def full_version(info: tuple[int, int, int, str, int]) -> str:
    """Return a version as markers spell it."""
    major, minor, micro, level, serial = info
    phase = {"alpha": "a", "beta": "b", "candidate": "rc"}.get(level)
    return f"{major}.{minor}.{micro}" + (f"{phase}{serial}" if phase else "")


def markers() -> dict[str, str]:
    """Return the environment of PEP 508."""
    return {
        "implementation_name": sys.implementation.name,
        "implementation_version": full_version(sys.implementation.version),
        "os_name": os.name,
        "platform_machine": platform.machine(),
        "platform_python_implementation": platform.python_implementation(),
        "platform_release": platform.release(),
        "platform_system": platform.system(),
        "platform_version": platform.version(),
        "python_full_version": platform.python_version(),
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "sys_platform": sys.platform,
    }


def glibc() -> list[int] | None:
    """Return the version of the GNU C library it runs with."""
    if sys.platform == "win32":
        return None
    try:
        version = (os.confstr("CS_GNU_LIBC_VERSION") or "").split()[1]
        return [int(part) for part in version.split(".")[:2]]
    except (AttributeError, IndexError, OSError, ValueError):
        return None


def musl() -> list[int] | None:
    """Return the version of musl, which only its loader tells."""
    import glob
    import subprocess

    for loader in glob.glob("/lib/ld-musl-*.so.1"):
        told = subprocess.run([loader], stderr=subprocess.PIPE, text=True, check=False).stderr  # noqa: S603  no shell
        for line in told.splitlines():
            if line.startswith("Version"):
                return [int(part) for part in line.split()[1].split(".")[:2]]
    return None


def macos() -> list[int] | None:
    """Return the version of macOS."""
    parts = platform.mac_ver()[0].split(".")
    return [int(part) for part in parts[:2]] if len(parts) > 1 else None


def places() -> dict[str, str]:
    """Return where its own packages go, and where its library is."""
    paths = sysconfig.get_paths()
    return {name: paths[name] for name in ("purelib", "platlib", "scripts", "data", "include", "stdlib")}


def libraries() -> list[str]:
    """Return the folders in which it looks for packages."""
    import site

    # What virtualenv has put into old environments in place of the standard module has no such function.
    return list(getattr(site, "getsitepackages", list)())


def answer() -> dict[str, object]:
    """Return everything."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    of_linux = sys.platform == "linux"
    libc = glibc() if of_linux else None
    return {
        "executable": os.path.realpath(base),
        "prefix": sys.base_prefix,
        "layout": layout(),
        "places": places(),
        "libraries": libraries(),
        "markers": markers(),
        "platform": sysconfig.get_platform(),
        "pointer_bits": struct.calcsize("P") * 8,
        "extension_suffix": sysconfig.get_config_var("EXT_SUFFIX") or "",
        "is_debug": bool(sysconfig.get_config_var("Py_DEBUG") or hasattr(sys, "gettotalrefcount")),
        "is_free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
        "glibc": libc,
        "musl": musl() if of_linux and libc is None else None,
        "macos": macos() if sys.platform == "darwin" else None,
    }


if __name__ == "__main__":
    sys.stdout.write(json.dumps(answer()) + "\n")

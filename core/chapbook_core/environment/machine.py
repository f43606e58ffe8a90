"""What the system says of itself and the machine, in the words of `platform`, which takes long to load."""

from __future__ import annotations

import os

from chapbook_core.value import frozen


@frozen
class Machine:
    """This machine and its system."""

    system: str
    release: str
    version: str
    machine: str


def this_machine() -> Machine:
    """Return what markers know it by."""
    if hasattr(os, "uname"):
        name = os.uname()
        return Machine(name.sysname, name.release, name.version, name.machine)
    # Where the system has no such call there is more to it.
    import platform

    return Machine(platform.system(), platform.release(), platform.version(), platform.machine())

"""Start kernels until they have answered, ours and a plain one of the same environment: `python -m tests.bench.kernel`.

The packages come from the index that pip is configured for. Both kernels are started by turns, in one process as a
server has it, and the first start of each is left out: it compiles what it imports.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from chapbook_kernelspec.provisioner import ProjectProvisioner
from tests.kernels.world import REPOSITORY, World, index_url

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = int(os.environ.get("ROUNDS", "15"))
_SECONDS = 60.0


class Clock:
    """Seconds spent in `pre_launch`, by kind of provisioner."""

    def __init__(self) -> None:
        self.spent: dict[str, list[float]] = {}

    def watch(self, kind: type[LocalProvisioner]) -> None:
        """Take the time of every call."""
        inner: Callable[..., Any] = kind.pre_launch

        async def timed(self_: LocalProvisioner, **options: Any) -> dict[str, Any]:
            began = time.perf_counter()
            try:
                found: dict[str, Any] = await inner(self_, **options)
                return found
            finally:
                if type(self_) is kind:
                    self.spent.setdefault(kind.__name__, []).append(time.perf_counter() - began)

        kind.pre_launch = timed  # type: ignore[method-assign, assignment]  # a bench looks into what it measures


async def first_result(manager: AsyncKernelManager, folder: Path, variables: dict[str, str]) -> float:
    """Return the seconds from the request for a kernel to the result of its first cell."""
    began = time.perf_counter()
    await manager.start_kernel(cwd=str(folder), env=variables)
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=_SECONDS)
        await client.execute_interactive("1 + 1", output_hook=lambda _message: None, timeout=_SECONDS)
        return time.perf_counter() - began
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


def plain_manager(python: Path) -> AsyncKernelManager:
    """Return the manager of a kernel as `ipykernel install` registers it."""
    options = [] if sys.platform == "win32" else ["-Xfrozen_modules=off"]
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[str(python), *options, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        display_name="plain",
        language="python",
        metadata={"debugger": True, "supported_encryption": ["curve"]},
    )
    return manager


async def measure(world: World) -> dict[str, list[float]]:
    """Start every kind of kernel by turns."""
    locked, lacking = world.project("locked", ["ipykernel>=7"]), world.project("lacking", ["six"])
    kinds: dict[str, tuple[Callable[[], AsyncKernelManager], Path]] = {
        "plain ipykernel": (lambda: plain_manager(locked / ".venv" / "bin" / "python"), locked),
        "ours, ipykernel locked": (lambda: AsyncKernelManager(kernel_name="chapbook"), locked),
        "ours, from the overlay": (lambda: AsyncKernelManager(kernel_name="chapbook"), lacking),
    }
    times: dict[str, list[float]] = {name: [] for name in kinds}
    for number in range(ROUNDS + 1):
        for name, (make, folder) in kinds.items():
            seconds = await first_result(make(), folder, dict(world.variables))
            if number:
                times[name].append(seconds)
    return times


def row(name: str, seconds: list[float]) -> str:
    """Return one line of the table, in milliseconds."""
    least, middle = min(seconds) * 1000, statistics.median(seconds) * 1000
    return f"{name:48} {middle:9.1f} {least:9.1f}"


def main() -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        variables = dict(os.environ) | {
            "PIP_INDEX_URL": index_url(),
            "JUPYTER_PATH": str(REPOSITORY / "kernelspec" / "share" / "jupyter"),
            **{f"XDG_{name}_HOME": str(root / name.lower()) for name in ("CACHE", "CONFIG", "DATA")},
        }
        # What compiled modules are for.
        variables.pop("PYTHONDONTWRITEBYTECODE", None)
        os.environ.update(variables)
        clock = Clock()
        clock.watch(LocalProvisioner)
        clock.watch(ProjectProvisioner)
        times = asyncio.run(measure(World(root, variables)))
        sys.stdout.write(f"{ROUNDS} rounds, milliseconds{'':26} {'median':>9} {'least':>9}\n")
        for name, seconds in times.items():
            sys.stdout.write(f"{row(f'start to first result, {name}', seconds)}\n")
        for name, seconds in clock.spent.items():
            sys.stdout.write(f"{row(f'pre_launch of {name}', seconds)}\n")


if __name__ == "__main__":
    main()

"""What people type in cells; runs inside the kernels of projects."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from IPython.core.interactiveshell import InteractiveShell


def load_ipython_extension(shell: InteractiveShell) -> None:
    """Called by IPython where a project's kernel is started with `--ext chapbook.magics`.

    Makes everything known, and neither starts an engine nor says a word.
    """
    # Whoever imports a module of this package wants that module, not the front door.
    from chapbook import register

    register(shell)

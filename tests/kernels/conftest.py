from __future__ import annotations

import os

import pytest

from tests.kernels.world import REPOSITORY, World, index_url

_FOREIGN = ("CHAPBOOK_", "POETRY_", "CONDA_", "JPY_", "JUPYTER_", "VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    root = tmp_path_factory.mktemp("kernels").resolve()
    base = tmp_path_factory.getbasetemp().resolve()
    # Where several work, they fetch everything together.
    cache = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "kernels-cache"
    variables = {name: value for name, value in os.environ.items() if not name.startswith(_FOREIGN)}
    variables |= {
        "PIP_INDEX_URL": index_url(),
        "JUPYTER_PATH": str(REPOSITORY / "kernelspec" / "share" / "jupyter"),
        "IPYTHONDIR": str(root / "ipython"),
        "XDG_CACHE_HOME": str(cache),
        **{f"XDG_{name}_HOME": str(root / name.lower()) for name in ("CONFIG", "DATA")},
        **{f"JUPYTER_{name}_DIR": str(root / f"jupyter-{name.lower()}") for name in ("CONFIG", "DATA", "RUNTIME")},
    }
    variables.pop("VIRTUAL_ENV", None)
    return World(root, variables)


@pytest.fixture(autouse=True)
def _as_that_person(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let what jupyter_client reads of this process be that person's, where a test has to do with one."""
    if "world" not in request.fixturenames:
        return
    world: World = request.getfixturevalue("world")
    for name in set(os.environ) - set(world.variables):
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    for name, value in world.variables.items():
        monkeypatch.setenv(name, value)

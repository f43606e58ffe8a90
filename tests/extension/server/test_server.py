from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

CONFIGURATION = Path(__file__).parents[3] / "extension/jupyter-config/chapbook.json"


def test_a_server_loads_the_extension_that_its_configuration_names() -> None:
    (module,) = json.loads(CONFIGURATION.read_text("utf-8"))["ServerApp"]["jpserver_extensions"]
    program = [sys.executable, "-m", "jupyter", "server", "extension", "list"]
    listed = subprocess.run(program, capture_output=True, text=True, check=True)
    assert f"{module} enabled" in " ".join((listed.stdout + listed.stderr).replace("\x1b[32m", "").split())

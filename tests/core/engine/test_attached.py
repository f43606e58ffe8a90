from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from chapbook_core.engine.attached import ATTACHED

if TYPE_CHECKING:
    from pathlib import Path

_OWNER = """
import os, sys, time
from pathlib import Path
from chapbook_core.engine.attached import start_attached
program = "import os, sys; from pathlib import Path; Path('words').write_text(sys.argv[1]); "
program += "os.read(0, 1); Path('ended').touch()"
start_attached([sys.executable, "-c", program], Path(sys.argv[1]))
while not Path(sys.argv[1], "words").exists():
    time.sleep(0.01)
os._exit(0)
"""


def test_a_program_that_works_beside_the_engine_sees_its_end(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", _OWNER, str(tmp_path)], check=True, timeout=30)
    ended = tmp_path / "ended"
    wait = f"import time, os\nwhile not os.path.exists({str(ended)!r}): time.sleep(0.01)"
    subprocess.run([sys.executable, "-c", wait], check=True, timeout=30)
    assert (tmp_path / "words").read_text() in {ATTACHED, ""}

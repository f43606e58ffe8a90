from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from chapbook_kernelspec.running import main
from tests.kernelspec.notebooks import code, own_kernel, read_cells, streams, text, write_notebook

pytestmark = pytest.mark.filterwarnings("ignore")  # of the libraries that speak with kernels


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*words: str) -> int:
    return main(words, own_kernel)


def test_a_notebook_runs_like_a_program(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (folder / "sub").mkdir()
    cells = (
        text("# Title"),
        code("import os, sys\nprint('here', os.path.basename(os.getcwd()))"),
        code("print('aside', file=sys.stderr)"),
        code("1 + 1"),
        code("1/0", "raises-exception"),
        code(""),
    )
    path = write_notebook(folder / "sub/report.ipynb", *cells)
    before = path.read_bytes()
    assert 0 == run("sub/report.ipynb")
    captured = capfd.readouterr()
    assert "here sub\n2\n" == captured.out
    assert "aside\n" == captured.err
    assert before == path.read_bytes()


def test_outputs_are_written_where_it_is_said_up_to_the_cell_that_fails(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = write_notebook(
        folder / "report.ipynb",
        code("year = 2000", "parameters"),
        code("print('it is', year)"),
        code("missing"),
        code("print('never')"),
    )
    before = path.read_bytes()
    assert 1 == run("report.ipynb", "-o", "out.ipynb", "-p", "year=2026", "-p", "other=1")
    cells = read_cells(folder / "out.ipynb")
    assert ["", "", "it is 2026\n", "", ""] == [streams(cell) for cell in cells]
    assert "NameError" == cells[3]["outputs"][0]["ename"]
    captured = capfd.readouterr()
    assert "" == captured.out
    assert "error: cell 3 failed: NameError: name 'missing' is not defined\n" in captured.err
    assert "warning: the notebook has no parameter `other`\n" in captured.err
    assert "\x1b" not in captured.err
    assert before == path.read_bytes()


def test_outputs_are_written_into_the_notebook_itself_only_when_asked(folder: Path) -> None:
    path = write_notebook(folder / "report.ipynb", code("missing"), code("print('went on')"))
    path.chmod(0o640)
    assert 0 == run("report.ipynb", "--inplace", "--allow-errors")
    assert "went on\n" == streams(read_cells(path)[1])
    assert 0o640 == path.stat().st_mode & 0o777


def test_a_cell_that_takes_too_long_is_told(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_notebook(folder / "slow.ipynb", text("slow"), code("import time; time.sleep(60)"))
    assert 1 == run("slow.ipynb", "--cell-timeout", "1")
    assert "error: cell 2 was still running after 1 s\n" in capfd.readouterr().err


def test_a_kernel_that_dies_is_told(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write_notebook(folder / "dies.ipynb", code("import os, signal; os.kill(os.getpid(), signal.SIGKILL)"))
    assert 1 == run("dies.ipynb")
    assert "error: the kernel died in cell 1\n" in capfd.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interruption_stops_the_kernel_and_writes_what_was_done(folder: Path, number: int) -> None:
    child = start_slow_notebook(folder)
    child.send_signal(number)
    _, err = child.communicate(timeout=30)
    assert 130 == child.returncode
    assert "error: cancelled" in err
    assert "done\n" == streams(read_cells(folder / "out.ipynb")[0])
    assert not is_alive(kernel_of(folder))


@pytest.mark.skipif(sys.platform == "win32", reason="signals are those of POSIX")
def test_a_kernel_does_not_outlive_whoever_started_it(folder: Path) -> None:
    child = start_slow_notebook(folder)
    child.kill()
    child.communicate(timeout=30)
    deadline = time.monotonic() + 30
    while is_alive(kernel_of(folder)):
        assert time.monotonic() < deadline, "the kernel was left behind"
        time.sleep(0.1)
    assert not (folder / "out.ipynb").exists()


INTERRUPTED = """
import signal, sys
left = int(sys.argv.pop(1))
def trace(frame, event, argument):
    global left
    left -= frame.f_code.co_name == "<module>" and "chapbook_" in frame.f_code.co_filename
    if left < 0:
        sys.settrace(None)
        signal.raise_signal(signal.SIGINT)
from chapbook_kernelspec import __main__ as program
sys.settrace(trace)
program.leave(program.main)
"""


@pytest.mark.parametrize("modules", [0, 1, 5, 20, 40])
def test_an_interrupt_while_the_program_starts_shows_no_traceback(folder: Path, modules: int) -> None:
    write_notebook(folder / "a.ipynb", code("print('never')"))
    words = [sys.executable, "-P", "-c", INTERRUPTED, str(modules), "a.ipynb"]
    ended = subprocess.run(words, cwd=folder, capture_output=True, text=True, check=False)
    assert (130, "", "error: cancelled; nothing was changed\n") == (ended.returncode, ended.stdout, ended.stderr)


def start_slow_notebook(folder: Path) -> subprocess.Popen[str]:
    """Start a notebook in a program of its own, and wait until its second cell runs."""
    first = "import os; open('pid', 'w').write(str(os.getpid())); print('done')"
    write_notebook(folder / "slow.ipynb", code(first), code("open('slow', 'w'); import time; time.sleep(60)"))
    program = "import sys; from chapbook_kernelspec.running import main; "
    program += "from tests.kernelspec.notebooks import own_kernel; sys.exit(main(sys.argv[1:], own_kernel))"
    words = [sys.executable, "-c", program, "slow.ipynb", "-o", "out.ipynb"]
    variables = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    child = subprocess.Popen(words, cwd=folder, env=variables, stderr=subprocess.PIPE, text=True)
    wait_for(folder / "slow")
    return child


def is_alive(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    return True


def kernel_of(folder: Path) -> int:
    return int((folder / "pid").read_text())


def wait_for(path: Path) -> None:
    deadline = time.monotonic() + 30
    while not path.exists():
        assert time.monotonic() < deadline, f"{path} never came"
        time.sleep(0.05)


@pytest.mark.parametrize(
    ("words", "status", "message"),
    [
        ((), 2, "`run` needs"),
        (("missing.ipynb",), 1, "there is no notebook"),
        (("report.ipynb", "--cell-timeout", "soon"), 2, "`--cell-timeout` is not a number of seconds: soon"),
        (("report.ipynb", "-o", "a", "--inplace"), 2, "exclude each other"),
        (("report.ipynb", "-o", "gone/out.ipynb"), 1, "is not a folder"),
        (("report.ipynb", "-p", "year"), 2, "gives no value"),
        (("broken.ipynb",), 1, "is not a notebook"),
        (("other.ipynb",), 1, "is in julia"),
    ],
)
def test_what_cannot_be_run_is_refused_before_a_kernel_starts(
    folder: Path, capfd: pytest.CaptureFixture[str], words: tuple[str, ...], status: int, message: str
) -> None:
    write_notebook(folder / "report.ipynb")
    write_notebook(folder / "other.ipynb", language="julia")
    (folder / "broken.ipynb").write_text("{")

    def never(*_: object) -> None:
        pytest.fail("a kernel was asked for")

    assert status == main(words, never)  # type: ignore[arg-type]  # it returns nothing, ever
    assert message in capfd.readouterr().err


def test_the_help_tells_the_options(capfd: pytest.CaptureFixture[str]) -> None:
    assert 0 == run("--help")
    assert "--cell-timeout=SECONDS" in capfd.readouterr().out

from __future__ import annotations

import io
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import pytest

from chapbook_core.cli import main
from chapbook_core.commands import about
from chapbook_core.errors import ChapbookError

if TYPE_CHECKING:
    from collections.abc import Callable

Raise: TypeAlias = "Callable[[BaseException], None]"


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> Raise:
    """Let `about` fail."""

    def fail_with(error: BaseException) -> None:
        def run(*_: object) -> None:
            raise error

        monkeypatch.setattr(about, "run", run)

    return fail_with


def test_without_words_it_shows_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    captured = capsys.readouterr()
    assert captured.out.startswith("Poetry for notebooks")
    lines = [" ".join(line.split()) for line in captured.out.splitlines()]
    assert "source remove Remove a package source from the project" in lines
    assert captured.err == ""


def test_help_says_how_with_an_example(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["version", "--help"]) == 0
    by_option = capsys.readouterr().out
    assert "usage: chapbook version [VERSION] [options]\n" in by_option
    assert "  -s, --short          print the version alone\n" in by_option
    assert "  chapbook version minor\n      from 1.4.2 to 1.5.0\n" in by_option
    assert main(["help", "version"]) == 0
    assert capsys.readouterr().out == by_option


def test_help_of_a_noun_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["source", "-h"]) == 0
    out = capsys.readouterr().out
    assert "usage: chapbook source COMMAND [options]\n" in out
    assert "source add" in out
    assert "init" not in out


def test_a_usage_error_is_status_2_on_the_error_stream(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["abuot"]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err == "error: there is no command `abuot`\nhint: did you mean `about`?\n"


def test_an_error_is_status_1_with_its_hints(failing: Raise, capsys: pytest.CaptureFixture[str]) -> None:
    failing(ChapbookError("it rains\nit pours", hints=["take an umbrella", "stay"]))
    assert main(["about"]) == 1
    assert capsys.readouterr().err == "error: it rains\nerror: it pours\nhint: take an umbrella\nhint: stay\n"


def test_an_interrupt_is_status_130_without_a_traceback(failing: Raise, capsys: pytest.CaptureFixture[str]) -> None:
    failing(KeyboardInterrupt())
    assert main(["about"]) == 130
    assert capsys.readouterr().err == "error: cancelled; nothing was changed\n"


def test_a_refusal_of_the_system_names_the_file(failing: Raise, capsys: pytest.CaptureFixture[str]) -> None:
    failing(PermissionError(13, "Permission denied", "/some/file"))
    assert main(["about"]) == 1
    assert capsys.readouterr().err == "error: /some/file: Permission denied\nhint: check who may read and write there\n"


def test_a_bug_is_told_in_a_paragraph(failing: Raise, capsys: pytest.CaptureFixture[str]) -> None:
    failing(ZeroDivisionError("by zero"))
    assert main(["about"]) == 70
    err = capsys.readouterr().err
    assert err.startswith("error: a bug in Chapbook: ZeroDivisionError: by zero\n")
    assert "hint: run it again with `-vvv` to see where it happened\n" in err
    assert "Traceback" not in err


def test_a_bug_shows_its_traceback_when_asked(failing: Raise, capsys: pytest.CaptureFixture[str]) -> None:
    failing(ZeroDivisionError("by zero"))
    assert main(["about", "-vvv"]) == 70
    err = capsys.readouterr().err
    assert "Traceback" in err
    assert "run it again" not in err


def test_quiet_says_nothing_but_errors(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-q", "about"]) == 0
    assert capsys.readouterr() == ("", "")
    assert main(["-q", "abuot"]) == 2
    assert capsys.readouterr().err != ""


def test_a_folder_that_does_not_exist_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["-C", "no/where", "about"]) == 2
    assert capsys.readouterr().err == "error: `--directory` names no folder: no/where\n"


def test_the_directory_changes_what_paths_mean_and_the_project_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    text = '[project]\nname = "{}"\nversion = "1"\n'
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pyproject.toml").write_text(text.format(name), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert main(["-C", "a", "version"]) == 0
    assert main(["-C", "a", "-P", "../b", "version"]) == 0
    assert capsys.readouterr().out == "a 1\nb 1\n"
    assert main(["-C", "a", "-P", "../b", "new", "made", "--no-notebook"]) == 0
    assert (tmp_path / "a" / "made" / "pyproject.toml").exists()
    assert tmp_path.samefile(Path.cwd())


@pytest.mark.parametrize(
    ("variables", "words", "coloured"),
    [
        ({}, [], True),
        ({"NO_COLOR": "1"}, [], False),
        ({"TERM": "dumb"}, [], False),
        ({}, ["--no-ansi"], False),
        ({"NO_COLOR": "1"}, ["--ansi"], True),
    ],
)
def test_a_terminal_gets_colours_unless_somebody_objects(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], words: list[str], *, coloured: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    terminal = Terminal()
    monkeypatch.setattr(sys, "stdout", terminal)
    assert main(["about", *words]) == 0
    assert ("\x1b[" in terminal.getvalue()) == coloured


def test_what_is_not_a_terminal_gets_no_colours(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("FORCE_COLOR", raising=False)
    assert main(["about"]) == 0
    assert "\x1b[" not in capsys.readouterr().out


def test_a_closed_pipe_is_quiet() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-m", "chapbook_core.cli", "list"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (done.returncode, done.stderr) == (141, b"")


def test_names_of_files_that_are_no_text_are_shown_all_the_same(tmp_path: Path) -> None:
    name = os.fsdecode(b"a\xff b")
    command = [sys.executable, "-m", "chapbook_core.cli", "new", name, "--no-notebook"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "XDG_DATA_HOME": str(tmp_path / "data")}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout == b"Made a-b, a package, in `a\\udcff b`\n"


def test_a_signal_unwinds_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    unwound = []

    def run(*_: object) -> None:
        try:
            signal.raise_signal(signal.SIGTERM)
        finally:
            unwound.append(True)

    monkeypatch.setattr(about, "run", run)
    with pytest.raises(SystemExit) as caught:
        main(["about"])
    assert caught.value.code == 128 + signal.SIGTERM
    assert unwound == [True]
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


@pytest.mark.skipif(os.name == "nt", reason="a shell of Unix closes the streams")
@pytest.mark.parametrize(
    ("closed", "is_told"), [(">&-", False), ("2>&-", True), ("<&-", True), ("<&- >&- 2>&-", False)]
)
def test_closed_streams_are_no_trouble(tmp_path: Path, closed: str, is_told: bool) -> None:
    words = f'"{sys.executable}" -m chapbook_core.cli list {closed}'
    done = subprocess.run(["/bin/sh", "-c", words], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    assert ("commands" in done.stdout) is is_told


@pytest.mark.skipif(os.name == "nt", reason="there a folder that somebody is in stays")
def test_a_folder_that_is_gone_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert main(["show"]) == 1
    assert capsys.readouterr().err.startswith("error: the folder that you are in is gone\nhint: ")
    assert main(["about", "--directory", str(tmp_path)]) == 0

from __future__ import annotations

import json
import sqlite3
import sys
from typing import TYPE_CHECKING, Any

import pytest

from chapbook.magics import display
from chapbook.magics.line import MagicMistake
from chapbook.magics.outcome import Outcome
from chapbook.magics.result import CommandFailed, Result

if TYPE_CHECKING:
    from pathlib import Path

    from tests.extension.magics.conftest import Page, Shell


def run_cell(shell: Shell, source: str) -> Any:
    return shell.run_cell(source, store_history=True)


def test_the_result_of_a_line_is_shown_once_and_returned(shell: Shell, page: Page) -> None:
    told = run_cell(shell, "%poetry add humanize 4.9").result
    assert isinstance(told, Result)
    assert told.added == {"humanize": "4.9"}
    assert told.lock == {"lock_file": True, "packages": 1}
    assert repr(told) == "<poetry add humanize 4.9: 1 added>"
    assert told
    assert page.texts == ["added humanize"]
    assert [data["text/html"] for data in page.displays.values()] == ["<p>added humanize</p>"]


def test_a_result_shows_itself_again_in_another_cell(shell: Shell, page: Page) -> None:
    run_cell(shell, "told = %poetry ok fine")
    assert page.texts == ["fine"]
    run_cell(shell, "told")
    assert page.texts == ["fine", "fine"]


def test_a_line_without_words_shows_the_project_at_a_glance(shell: Shell, page: Page) -> None:
    run_cell(shell, "%poetry")
    run_cell(shell, "%poetry   # nothing")
    assert page.texts == ["at a glance", "at a glance"]


def test_variables_of_the_notebook_and_of_functions_are_put_in(shell: Shell) -> None:
    shell.user_ns["names"] = ["a", "b c"]
    source = "def f(inner):\n    return get_ipython().run_line_magic('poetry', 'echo $names {inner}')\nf('local').data"
    assert run_cell(shell, source).result == ["echo", "a", "b c", "local"]
    assert run_cell(shell, "%%poetry\necho $names").result[0].data == ["echo", "a", "b c"]


def test_what_cannot_be_put_in_stays_as_it_is(shell: Shell) -> None:
    assert run_cell(shell, "%poetry echo $nothing {1/0}").result.data == ["echo", "$nothing", "{1/0}"]


def test_a_cell_runs_line_by_line_and_returns_every_result(shell: Shell, page: Page) -> None:
    told = run_cell(shell, "%%poetry\n# two\nok one\n\nok two  # done\n").result
    assert page.texts == ["one", "two"]
    assert [str(one) for one in told] == ["one", "two"]


def test_a_cell_stops_at_its_first_error_and_says_what_was_not_run(shell: Shell, page: Page) -> None:
    done = run_cell(shell, "%%poetry\nok one\nfail a b\nok two\npublish -p hunter2\n")
    assert isinstance(done.error_in_exec, CommandFailed)
    assert page.texts == ["one", "error: a b\nNot run: line 4 `ok two`, line 5 `publish -p ***`"]


def test_a_failing_command_ends_the_cell_without_a_traceback(
    shell: Shell, page: Page, capsys: pytest.CaptureFixture[str]
) -> None:
    done = run_cell(shell, "%poetry fail no luck\nafter = 1")
    assert "after" not in shell.user_ns
    assert page.texts == ["error: no luck"]
    assert capsys.readouterr().out == "CommandFailed: `%poetry fail no luck`: no luck\n"
    assert done.error_in_exec.result.exit_status == 1


@pytest.mark.parametrize(
    ("reply", "shown"),
    [
        ({"exit_status": 3}, "it ended with status 3"),
        ({"exit_status": 1, "text": "2 mistakes\n"}, "see above"),
        ({"exit_status": 1, "message": "no luck"}, "see above"),
    ],
)
def test_somebody_who_looks_on_is_sent_to_what_was_shown_where_something_was(reply: dict[str, Any], shown: str) -> None:
    (line,) = CommandFailed(Result("run it", Outcome(True, reply)), is_seen=True)._render_traceback_()
    assert line.endswith(shown)


def test_a_command_that_finds_something_wrong_ends_the_cell_too(shell: Shell, page: Page) -> None:
    done = run_cell(shell, "%poetry bad")
    assert str(done.error_in_exec) == "`%poetry bad`: it ended with status 3"
    assert page.texts == ["something is wrong"]


def test_quiet_results_leave_no_display(shell: Shell, page: Page) -> None:
    run_cell(shell, "%poetry ok")
    assert page.displays == {}


def test_progress_and_result_share_one_display(shell: Shell, page: Page) -> None:
    run_cell(shell, "%poetry slow 0.8")
    assert page.texts == ["slowly done"]
    assert any(data["text/plain"].startswith("Downloading <b> ") for data in page.history)
    assert not any("<b>" in data.get("text/html", "") for data in page.history)


@pytest.mark.parametrize(
    ("done", "total", "expected"),
    [(2, 5, "2/5 numpy"), (3_100_000, 12_400_000, "3.1 of 12.4 MB numpy"), (20_000_000, None, "20.0 MB numpy")],
)
def test_bytes_are_told_so_that_they_can_be_read(
    monkeypatch: pytest.MonkeyPatch, page: Page, done: int, total: int | None, expected: str
) -> None:
    monkeypatch.setattr(display, "SECONDS_BEFORE_FIRST", 0)
    with display.Live(display.NotebookDisplay(page)) as live:
        live.hear(
            {"event": "progress", "task": "a", "label": "Fetching", "done": done, "total": total, "note": "numpy"}
        )
    assert page.history[0]["text/plain"] == f"Fetching {expected}"


def test_a_quick_command_shows_no_progress(shell: Shell, page: Page) -> None:
    run_cell(shell, "%poetry ok")
    page.history.clear()
    run_cell(shell, "%poetry slow 0.1")
    assert [data["text/plain"] for data in page.history] == ["slowly done"]


def test_quiet_commands_show_no_progress(shell: Shell, page: Page) -> None:
    run_cell(shell, "%%poetry -q\nslow 0.5")
    assert [data["text/plain"] for data in page.history] == ["slowly done"]


def test_notices_stay_above_the_result(shell: Shell, page: Page) -> None:
    run_cell(shell, "%poetry notice")
    assert page.texts == ["warning: hm\nsaid"]
    assert [data["text/html"] for data in page.displays.values()] == ["<p>hm</p><p>said</p>"]


def test_what_programs_write_is_a_stream(shell: Shell, page: Page, capsys: pytest.CaptureFixture[str]) -> None:
    run_cell(shell, "told = %poetry print")
    assert capsys.readouterr().out == "from a program\n"
    assert page.displays == {}


def test_in_a_terminal_the_text_is_printed(terminal: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    run_cell(terminal, "told = %poetry add humanize 4.9")
    assert capsys.readouterr().out == "added humanize\n"
    run_cell(terminal, "%poetry add humanize 4.9")
    assert capsys.readouterr().out.endswith("added humanize\nOut[2]: <poetry add humanize 4.9: 1 added>\n")


def test_an_unclosed_quote_is_told_in_one_line(shell: Shell, capsys: pytest.CaptureFixture[str]) -> None:
    done = run_cell(shell, "get_ipython().run_line_magic('poetry', 'add \"a')")
    assert isinstance(done.error_in_exec, MagicMistake)
    assert capsys.readouterr().out.count("\n") == 1


def test_a_cell_without_commands_is_a_mistake(shell: Shell) -> None:
    assert isinstance(run_cell(shell, "%%poetry\n# nothing\n").error_in_exec, MagicMistake)


def test_a_variable_that_is_none_is_named_when_the_command_fails(shell: Shell, page: Page) -> None:
    run_cell(shell, "%poetry fail $nothing here")
    told = "There is no variable of that name, so it stayed as it is: `$nothing`"
    assert page.texts == [f"error: $nothing here\n{told}"]


def test_a_story_is_cut_to_what_it_explains(shell: Shell) -> None:
    shell.user_ns["story"] = "no solution, because\n  - a requires b"
    done = run_cell(shell, '%poetry fail "$story"')
    assert str(done.error_in_exec) == '`%poetry fail "$story"`: no solution'


# Questions


@pytest.mark.parametrize(
    ("kind", "typed_and_answered"),
    [("ask", ("blue", "blue")), ("ask", ("", "")), ("confirm", ("y", True)), ("confirm", ("", False))],
)
def test_questions_are_put_through_input(
    shell: Shell, page: Page, monkeypatch: pytest.MonkeyPatch, kind: str, typed_and_answered: tuple[str, object]
) -> None:
    typed, answer = typed_and_answered
    monkeypatch.setattr("builtins.input", lambda _: typed)
    run_cell(shell, f"%poetry ask {kind}")
    assert page.texts == [f"answer: {answer}"]


def test_what_a_question_is_about_stays_above_it_and_the_result_comes_below(
    shell: Shell, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _: "blue")
    run_cell(shell, "%poetry ask ask warned")
    assert page.texts == ["think", "answer: blue"]


def test_a_secret_is_asked_for_without_being_shown(shell: Shell, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("chapbook.magics.questions.getpass", lambda _: "hunter2")
    run_cell(shell, "%poetry ask secret")
    assert page.texts == ["answer: hunter2"]


def test_the_end_of_the_input_is_no_answer(shell: Shell, page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    def ended(_: str) -> str:
        raise EOFError

    monkeypatch.setattr("builtins.input", ended)
    run_cell(shell, "%poetry ask ask")
    assert page.texts == ["answer: None"]


# What the engine is told


def test_the_engine_is_told_where_the_notebook_is_and_what_the_kernel_is(
    shell: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = tmp_path / "here" / "a.ipynb"
    notebook.parent.mkdir()
    notebook.write_text("{}")
    monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
    params = run_cell(shell, "%poetry params").result.data
    assert params["cwd"] == str(tmp_path)
    assert params["notebook"] == str(notebook)
    assert params["kernel"]["prefix"] == sys.prefix
    assert params["kernel"]["fresh"] is True
    assert params["interactive"] is False
    run_cell(shell, "import this_is_no_module")
    assert run_cell(shell, "%poetry params").result.data["kernel"]["fresh"] is False


# Secrets


def test_a_typed_secret_is_taken_out_of_everything_that_ipython_remembers(
    shell: Shell, page: Page, tmp_path: Path
) -> None:
    run_cell(shell, '%poetry config http-basic.wheels me "s\'cret99"')
    run_cell(shell, "pass")
    names = shell.user_ns
    kept = [names["In"], names["_i"], names["_ii"], names["_i1"], shell.history_manager.input_hist_raw]
    assert "cret99" not in json.dumps(kept)
    assert "***" in names["_i1"]
    assert "a password stands in this cell" in page.texts[0]
    shell.history_manager.writeout_cache()
    with sqlite3.connect(tmp_path / "history.sqlite") as database:
        rows = database.execute("SELECT source, source_raw FROM history").fetchall()
    database.close()
    assert len(rows) == 2
    assert "cret99" not in json.dumps(rows)


def test_a_secret_in_a_variable_is_passed_on_and_nothing_is_said(shell: Shell, page: Page) -> None:
    shell.user_ns["password"] = "hunter2"
    told = run_cell(shell, "%poetry publish -p $password").result
    assert told.data == ["publish", "-p", "hunter2"]
    assert told.line == "publish -p $password"
    assert page.texts == ['["publish", "-p", "hunter2"]']

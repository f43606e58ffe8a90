"""Questions, which the client answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from tests.fakes.engine import EngineProcess


def test_questions_go_over_the_wire(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "asked"
    folder.mkdir()
    number = engine.run("init", cwd=folder, interactive=True)
    answered = 0
    while not (folder / "pyproject.toml").exists():
        question = engine.until(
            lambda message: (
                ("event" not in message and message.get("id") == number)
                or (message.get("event") == "question" and message["question"] > answered)  # noqa: B023  called at once
            )
        )
        if "event" not in question:
            break
        answered = question["question"]
        value = {"confirm": True, "choose": question["default"]}.get(question["kind"], question["default"] or "")
        engine.send("answer", target=number, question=answered, value=value)
    assert "result" in engine.reply(number)
    assert answered > 1


def test_no_answer_cancels(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "asked"
    folder.mkdir()
    number = engine.run("init", cwd=folder, interactive=True)
    question = engine.event("question", number)
    engine.send("answer", target=number, question=question["question"], value=None)
    assert engine.reply(number)["error"]["kind"] == "Cancelled"
    assert list(folder.iterdir()) == []


def test_an_answer_of_the_wrong_kind_is_asked_for_again(engine: EngineProcess, tmp_path: Path) -> None:
    folder = tmp_path / "asked"
    folder.mkdir()
    number = engine.run("init", cwd=folder, interactive=True)
    engine.event("question", number)
    engine.send("answer", target=number, question=1, value=7)
    again = engine.until(lambda message: message.get("event") == "question" and message["question"] == 2)
    assert again["mistake"]
    engine.send("cancel", target=number)
    assert engine.reply(number, 1.0)["error"]["kind"] == "Cancelled"

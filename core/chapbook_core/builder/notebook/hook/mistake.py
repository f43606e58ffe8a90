"""NotebookMistake: what a person has to correct in a notebook before it can be a module."""

from __future__ import annotations


class NotebookMistake(ValueError):
    """Something in a notebook that cannot become part of a module; says where it is and what to do."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NotebookMistake) and self.args == other.args

    def __hash__(self) -> int:
        return hash(self.args)

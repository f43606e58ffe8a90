from __future__ import annotations

import pytest

from chapbook_core.builder.notebook.hook.cell import make_cell
from chapbook_core.builder.notebook.hook.mistake import NotebookMistake
from chapbook_core.builder.notebook.hook.python_text import python_text


def text(source: str, *, comments: bool = True) -> str:
    return python_text(make_cell(3, "code", source, {}), "a.ipynb", comments=comments)


@pytest.mark.parametrize(("source", "expected"), [
    ("%matplotlib inline\nx = 1", "# %matplotlib inline\nx = 1"),
    ("!ls\nx = 1", "# !ls\nx = 1"),
    ("if x:\n    !ls", "if x:\n    pass  # !ls"),
    ("x?\ny = 1", "# x?\ny = 1"),
    ("?x", "# ?x"),
    ("%%time\nx = 1", "# %%time\nx = 1"),
    ("%%bash\nls\necho", "# %%bash\n# ls\n# echo"),
    ("#| export\n%%time\nx = 1", "#| export\n# %%time\nx = 1"),
])  # fmt: skip
def test_magics_become_comments_where_that_is_asked_for(source: str, expected: str) -> None:
    assert expected == text(source)


@pytest.mark.parametrize("source", ["x = '''\n%time\n!ls\n'''", "y = (a\n  %b)", "x = a if b else c\n"])
def test_what_looks_like_a_magic_inside_python_is_kept(source: str) -> None:
    assert source == text(source, comments=False)


@pytest.mark.parametrize(("source", "line", "shown"), [
    ("x = 1\n%time x", 2, "%time x"), ("!pip install a", 1, "!pip install a"), ("%%bash\nls", 1, "%%bash"),
    ("files = !ls", 1, "files = !ls"),
])  # fmt: skip
def test_magics_are_refused_with_their_cell_and_line(source: str, line: int, shown: str) -> None:
    with pytest.raises(NotebookMistake) as caught:
        text(source, comments=False)
    expected = f"cell 3 of `a.ipynb`, line {line}: `{shown}` is a command for IPython, which a module does without"
    assert expected == caught.value.message


@pytest.mark.parametrize("source", ["files = !ls", "x = 1\na, b = %who_ls"])
def test_a_value_from_a_magic_cannot_become_a_comment(source: str) -> None:
    with pytest.raises(NotebookMistake, match="takes its value from IPython"):
        text(source)


def test_what_is_simply_wrong_is_left_to_the_compiler() -> None:
    assert text("def :") == "def :"

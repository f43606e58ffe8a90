from __future__ import annotations

import json

from chapbook_core.builder.notebook.markdown import notebook_markdown


def cell(kind: str, source: str, *outputs: object, **metadata: object) -> dict[str, object]:
    return {"cell_type": kind, "source": source, "metadata": metadata, "outputs": list(outputs)}


def test_prose_code_and_what_it_printed() -> None:
    cells = [
        cell("markdown", "# Title"),
        cell("code", "#| export\nx = 1"),
        cell("code", "secret", tags=["remove-cell"]),
        cell(
            "code",
            "#| code-fold: true\nf()",
            {"output_type": "stream", "name": "stdout", "text": ["\x1b[31mred\x1b[0m\n"]},
            {"output_type": "stream", "name": "stderr", "text": "noise"},
            {"output_type": "execute_result", "data": {"text/plain": "1"}},
            {"output_type": "display_data", "data": {"text/plain": "<Figure>", "image/png": "..."}},
        ),
        cell("code", "print('```')"),
        cell("raw", "raw"),
        cell("markdown", ""),
    ]
    content = json.dumps({"cells": cells, "nbformat": 4, "metadata": {}}).encode()
    expected = "# Title\n\n```python\nf()\n```\n\n```\nred\n1\n```\n\n````python\nprint('```')\n````\n"
    assert expected == notebook_markdown(content, "a.ipynb")


def test_a_script_has_no_outputs() -> None:
    assert notebook_markdown(b"# %% [markdown]\n# Words\n# %%\nf()\n", "a.py") == "Words\n\n```python\nf()\n```\n"

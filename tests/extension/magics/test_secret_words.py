from __future__ import annotations

import pytest

from chapbook.magics.secret_words import masked, secret_texts


@pytest.mark.parametrize(
    ("words", "secrets"),
    [
        ("publish -p hunter2", ["hunter2"]),
        ("publish -phunter2 -u me", ["hunter2"]),
        ("publish --password=hunter2", ["hunter2"]),
        ("-n publish --password hunter2 --repository x", ["hunter2"]),
        ("config http-basic.wheels me hunter2 --local", ["hunter2"]),
        ("config pypi-token.wheels pypi-abc", ["pypi-abc"]),
        ("source add wheels https://me:hunter2@example.org/simple/", ["hunter2"]),
        ("add git+https://ghp_0123456789abcdef@example.org/a.git", ["ghp_0123456789abcdef"]),
        ("publish -p $password", []),
        ("publish -p {password}", []),
        ("config http-basic.wheels me", []),
        ("add -p pandas", []),
        ("source add -p explicit wheels https://example.org/", []),
        ("add git+ssh://git@example.org/a.git", []),
        ("publish -p", []),
    ],
)
def test_secrets_are_told_from_other_words(words: str, secrets: list[str]) -> None:
    assert secret_texts(words.split()) == secrets


def test_a_secret_is_masked_wherever_it_stands() -> None:
    assert masked("publish -p a -u ab", ["ab"]) == "publish -p a -u ***"

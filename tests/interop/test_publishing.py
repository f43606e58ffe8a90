"""A real index server takes what we upload, and pip installs it from there."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(find_spec("pypiserver") is None, reason="pypiserver is not installed")

PROJECT = """\
[project]
name = "published-spam"
version = "1.0"
description = "Käse, 日本"
readme = "README.md"
requires-python = ">=3.8"
keywords = ["a", "b"]
classifiers = ["Typing :: Typed"]

[project.scripts]
published-spam = "published_spam:main"

[build-system]
requires = ["poetry-core>=2"]
build-backend = "poetry.core.masonry.api"
"""
USER, SECRET = "me", "s3cret-password"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address of a server with one user."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    packages, log = tmp_path / "packages", tmp_path / "server.log"
    packages.mkdir()
    # passlib, which reads files of passwords, is not always there: the server is told whom to believe in code.
    program = (
        "import sys, pypiserver, wsgiref.simple_server as simple\n"
        f"app = pypiserver.app(roots=[{str(packages)!r}], password_file='.', authenticate=['update'],\n"
        f"    auther=lambda user, secret: (user, secret) == ({USER!r}, {SECRET!r}))\n"
        f"simple.make_server('127.0.0.1', {port}, app).serve_forever()\n"
    )
    with log.open("wb") as output:
        process = subprocess.Popen([sys.executable, "-W", "ignore", "-c", program], stdout=output, stderr=output)
    url = f"http://127.0.0.1:{port}/"
    try:
        for _ in range(100):
            try:
                urllib.request.urlopen(f"{url}simple/", timeout=5).close()
                break
            except (urllib.error.URLError, OSError):
                assert process.poll() is None, log.read_text("utf-8")
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(10)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    package = folder / "published_spam"
    package.mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    (folder / "README.md").write_text("# Käse\n", "utf-8")
    (package / "__init__.py").write_text("def main():\n    print('published')\n", "utf-8")
    return folder


def chapbook(project: Path, server: str, *words: str, secret: str = SECRET) -> subprocess.CompletedProcess[str]:
    home = project.parent / "home"
    home.mkdir(exist_ok=True)
    variables = {name: value for name, value in os.environ.items() if not name.startswith(("CHAPBOOK_", "POETRY_"))}
    variables |= {
        "HOME": str(home),
        "CHAPBOOK_REPOSITORIES_LOOPBACK_URL": server,
        "CHAPBOOK_HTTP_BASIC_LOOPBACK_USERNAME": USER,
        "CHAPBOOK_HTTP_BASIC_LOOPBACK_PASSWORD": secret,
    }
    call = [sys.executable, "-m", "chapbook_core.cli", *words]
    return subprocess.run(call, cwd=project, env=variables, capture_output=True, text=True, check=False, timeout=300)


def test_pip_installs_what_was_published(project: Path, server: str, tmp_path: Path) -> None:
    published = chapbook(project, server, "publish", "--build", "-r", "loopback")
    assert published.returncode == 0, published.stderr
    assert "Published published-spam 1.0" in published.stdout
    forms = {"wheel": ["--only-binary=:all:"], "sdist": ["--no-binary=published-spam", "--no-build-isolation"]}
    for name, form in forms.items():
        target = tmp_path / f"installed-{name}"
        words = ["install", "--no-deps", "--index-url", f"{server}simple/", *form, "--target", str(target)]
        quiet = ["--no-cache-dir", "--disable-pip-version-check", "published-spam==1.0"]
        variables = {name: value for name, value in os.environ.items() if not name.startswith("PIP_")}
        call = [sys.executable, "-m", "pip", *words, *quiet]
        installed = subprocess.run(call, env=variables, capture_output=True, text=True, check=False, timeout=300)
        assert installed.returncode == 0, installed.stderr
        code = "import published_spam; published_spam.main()"
        ran = subprocess.run(
            [sys.executable, "-c", code],
            env={**variables, "PYTHONPATH": str(target)},
            capture_output=True,
            text=True,
            check=True,
        )
        assert ran.stdout == "published\n"


def test_a_second_upload_finds_what_is_there(project: Path, server: str) -> None:
    assert chapbook(project, server, "publish", "--build", "-r", "loopback").returncode == 0
    again = chapbook(project, server, "publish", "-r", "loopback")
    assert again.returncode == 0
    assert "is there already, with the same content" in again.stdout
    shutil.rmtree(project / "dist")
    (project / "published_spam" / "__init__.py").write_text("x = 2\n", "utf-8")
    other = chapbook(project, server, "publish", "--build", "-r", "loopback")
    assert other.returncode == 1
    assert "with other content" in other.stderr
    skipped = chapbook(project, server, "publish", "-r", "loopback", "--skip-existing")
    assert skipped.returncode == 0, skipped.stderr


def test_refused_credentials_are_named_and_masked(project: Path, server: str) -> None:
    refused = chapbook(project, server, "publish", "--build", "-r", "loopback", "-vvv", secret="wrong-s3cret")
    assert refused.returncode == 1
    assert f"of the user `{USER}`" in refused.stderr
    assert "CHAPBOOK_HTTP_BASIC_LOOPBACK_USERNAME" in refused.stderr
    assert "wrong-s3cret" not in refused.stdout + refused.stderr

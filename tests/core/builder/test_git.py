from __future__ import annotations

import os
import shutil
import subprocess
from typing import TYPE_CHECKING

import pytest

from chapbook_core.builder.git import GitFailed, GitRepositories
from chapbook_core.events import Unwatched
from chapbook_core.requirements.origin import GitOrigin
from chapbook_core.requirements.url import Userinfo

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

PATH = os.environ.get("PATH", os.defpath)


def git(folder: Path, *words: str) -> str:
    nobody = {
        "GIT_AUTHOR_NAME": "a",
        "GIT_AUTHOR_EMAIL": "a@b",
        "GIT_COMMITTER_NAME": "a",
        "GIT_COMMITTER_EMAIL": "a@b",
    }
    variables = {"PATH": PATH, "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1", **nobody}
    done = subprocess.run(["git", *words], cwd=folder, env=variables, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    folder = tmp_path / "upstream"
    (folder / "sub").mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch", "trunk")
    for number in ("1", "2"):
        (folder / "file").write_text(number)
        (folder / "sub" / "file").write_text(number)
        git(folder, "add", ".")
        git(folder, "commit", "--quiet", "--message", number)
        git(folder, "tag", f"v{number}")
    git(folder, "checkout", "--quiet", "-b", "topic", "v1")
    (folder / "file").write_text("3")
    git(folder, "commit", "--quiet", "--all", "--message", "3")
    git(folder, "checkout", "--quiet", "trunk")
    return folder


def _repositories(tmp_path: Path, *, is_offline: bool = False, **variables: str) -> GitRepositories:
    home = {"PATH": PATH, "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1"}
    return GitRepositories(tmp_path / "cache", {**home, **variables}, Unwatched(), is_offline=is_offline)


def _origin(upstream: Path, **reference: str) -> GitOrigin:
    return GitOrigin(upstream.as_uri(), **reference)  # type: ignore[arg-type]  # the keys are those of texts


@pytest.mark.parametrize(
    ("reference", "name", "content"),
    [
        ({}, "trunk", "2"),
        ({"branch": "topic"}, "topic", "3"),
        ({"tag": "v1"}, "v1", "1"),
        ({"revision": "v1"}, "v1", "1"),
        ({"revision": "topic"}, "topic", "3"),
        ({"revision": "refs/heads/topic"}, "topic", "3"),
    ],
)
def test_a_reference_leads_to_its_commit_and_files(
    tmp_path: Path, upstream: Path, reference: dict[str, str], name: str, content: str
) -> None:
    repositories, origin = _repositories(tmp_path), _origin(upstream, **reference)

    commit = repositories.commit(origin)

    assert git(upstream, "rev-parse", f"{name}^{{commit}}") == commit
    assert content == (repositories.tree(origin, commit) / "file").read_text()


@pytest.mark.parametrize("length", [40, 8])
def test_a_commit_is_found_by_its_name_also_in_short(tmp_path: Path, upstream: Path, length: int) -> None:
    commit = git(upstream, "rev-parse", "v1")

    assert commit == _repositories(tmp_path).commit(_origin(upstream, revision=commit[:length]))


def test_the_locked_commit_stays_when_the_branch_has_moved(tmp_path: Path, upstream: Path) -> None:
    locked = git(upstream, "rev-parse", "v1")
    repositories = _repositories(tmp_path)

    assert locked == repositories.commit(_origin(upstream, branch="trunk"), locked)
    assert locked != repositories.commit(_origin(upstream, branch="trunk"))
    assert locked != repositories.commit(_origin(upstream, branch="trunk"), "--upload-pack=evil")


def test_a_fetched_commit_needs_no_network_any_more(tmp_path: Path, upstream: Path) -> None:
    commit = _repositories(tmp_path).commit(_origin(upstream, tag="v1"))
    upstream.rename(tmp_path / "gone")

    offline = _repositories(tmp_path, is_offline=True)
    assert commit == offline.commit(_origin(upstream, tag="v1"))
    assert commit == _repositories(tmp_path).commit(_origin(upstream, branch="topic"), commit)
    with pytest.raises(GitFailed, match="--offline"):
        offline.commit(_origin(upstream, tag="v2"))


def test_a_subdirectory_is_given_and_no_other_folder(tmp_path: Path, upstream: Path) -> None:
    (upstream / "link").symlink_to(tmp_path)
    git(upstream, "add", ".")
    git(upstream, "commit", "--quiet", "--message", "link")
    repositories = _repositories(tmp_path)
    commit = repositories.commit(_origin(upstream))

    assert "2" == (repositories.tree(_origin(upstream, subdirectory="sub"), commit) / "file").read_text()
    for elsewhere in ("..", "/tmp", "link", "nowhere"):
        with pytest.raises(GitFailed, match="it has no folder"):
            repositories.tree(_origin(upstream, subdirectory=elsewhere), commit)


@pytest.mark.parametrize(
    ("reference", "words"),
    [
        ({"branch": "nowhere"}, "it has no branch `nowhere`"),
        ({"tag": "nowhere"}, "it has no tag `nowhere`"),
        ({"revision": "nowhere"}, "it has no revision `nowhere`"),
        ({"revision": "0" * 40}, "it has no revision `0000"),
    ],
)
def test_a_reference_that_is_not_there_is_told(
    tmp_path: Path, upstream: Path, reference: dict[str, str], words: str
) -> None:
    with pytest.raises(GitFailed, match=words):
        _repositories(tmp_path).commit(_origin(upstream, **reference))


def test_a_repository_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(GitFailed, match="it cannot be fetched"):
        _repositories(tmp_path).commit(GitOrigin((tmp_path / "nowhere").as_uri()))


@pytest.mark.parametrize(
    "url",
    [
        "ext::sh -c touch% evil",
        "--upload-pack=touch evil",
        "-oProxyCommand=touch evil",
        "ssh://-oProxyCommand=evil/x",
        "git@-oProxyCommand=evil:x/y",
        "fd::17",
        "../upstream",
        "https://example.org/a\nb",
        "",
    ],
)
def test_an_address_that_could_be_a_program_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(GitFailed, match="no address"):
        _repositories(tmp_path).commit(GitOrigin(url))
    assert not list(tmp_path.rglob("evil"))


@pytest.mark.parametrize("name", ["--upload-pack=evil", "-x", "a b", "a..b", "a:b", "a^{/x}", "a\n", "@{-1}", "x.lock"])
@pytest.mark.parametrize("kind", ["branch", "tag", "revision"])
def test_a_reference_that_could_be_an_option_is_refused(tmp_path: Path, upstream: Path, kind: str, name: str) -> None:
    with pytest.raises(GitFailed, match="no name that a branch, tag or revision can have"):
        _repositories(tmp_path).commit(_origin(upstream, **{kind: name}))


def test_a_git_in_the_folder_of_the_project_is_not_run(
    tmp_path: Path, upstream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "here").mkdir()
    planted = tmp_path / "here" / "git"
    planted.write_text(f"#!/bin/sh\ntouch {tmp_path}/evil\n")
    planted.chmod(0o755)
    monkeypatch.chdir(tmp_path / "here")

    _repositories(tmp_path, PATH=f".:{os.pathsep}{PATH}").commit(_origin(upstream))

    assert not (tmp_path / "evil").exists()


def test_hooks_and_settings_of_another_repository_do_not_matter(tmp_path: Path, upstream: Path) -> None:
    repositories = _repositories(tmp_path, GIT_DIR=str(tmp_path), GIT_WORK_TREE="/nowhere", GIT_INDEX_FILE="/nowhere")

    assert git(upstream, "rev-parse", "trunk") == repositories.commit(_origin(upstream))


def test_credentials_travel_in_a_variable(tmp_path: Path) -> None:
    origin = GitOrigin("https://example.org/a/b.git", userinfo=Userinfo("me", "s3cret"))
    variables = _repositories(tmp_path)._quiet(origin)

    assert "http.https://example.org/.extraHeader" == variables["GIT_CONFIG_KEY_0"]
    assert "s3cret" not in repr(origin)


def test_submodules_are_laid_out_too(tmp_path: Path, upstream: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    git(inner, "init", "--quiet")
    (inner / "deep").write_text("x")
    git(inner, "add", ".")
    git(inner, "commit", "--quiet", "--message", "x")
    git(upstream, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.as_uri(), "inner")
    git(upstream, "commit", "--quiet", "--message", "submodule")
    # By itself git takes no submodule from a local address, so nobody can make it read a repository of this machine.
    (tmp_path / ".gitconfig").write_text("[protocol.file]\nallow = always\n")
    repositories = _repositories(tmp_path)
    commit = repositories.commit(_origin(upstream))

    assert "x" == (repositories.tree(_origin(upstream), commit) / "inner" / "deep").read_text()

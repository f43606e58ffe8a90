from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import pytest

from chapbook_core.commands.publish import PublishingStopped
from chapbook_core.commands.publish_result import PublishResult
from chapbook_core.errors import ChapbookError
from chapbook_core.publisher.attestation import SUFFIX
from chapbook_core.publisher.upload import Outcome
from tests.core.commands.inside import Answering, perform_inside, told
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.publishing import attestation, sdist_file, statement, wheel_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.core.commands.conftest import Outcome as Seen

    Chapbook = Callable[..., Seen]

PROJECT = """\
[project]
name = "spam"
version = "1.0"
description = "Käse"
readme = "README.md"
requires-python = ">=3.11"

[build-system]
requires = ["poetry-core>=2"]
build-backend = "poetry.core.masonry.api"
"""
SDIST, WHEEL = "spam-1.0.tar.gz", "spam-1.0-py3-none-any.whl"
SECRET = "t0p-s3cret-t0ken"


@pytest.fixture
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeIndex]:
    for name in ("GITHUB_ACTIONS", "GITLAB_CI", "ACTIONS_ID_TOKEN_REQUEST_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHAPBOOK_KEYRING_ENABLED", "false")
    with FakeIndex() as running:
        monkeypatch.setenv("CHAPBOOK_REPOSITORIES_WORK_URL", running.upload_url)
        yield running


@pytest.fixture
def project(folder: Path) -> Path:
    (folder / "pyproject.toml").write_text(PROJECT, "utf-8")
    (folder / "README.md").write_text("# Käse\n", "utf-8")
    (folder / "spam").mkdir()
    (folder / "spam" / "__init__.py").write_text("", "utf-8")
    return folder


def test_a_project_is_built_and_published(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    seen = chapbook("publish", "--build", "-r", "work")
    assert (0, "") == (seen.status, seen.err)
    assert [SDIST, WHEEL] == [upload.filename for upload in index.uploads.accepted]
    assert "Käse" == index.uploads.accepted[0].value("summary")
    assert f"Published spam 1.0 to {index.upload_url}" in seen.out
    assert sorted([SDIST, WHEEL]) == sorted(path.name for path in (project / "dist").iterdir())


def test_a_dry_run_looks_and_sends_nothing(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    chapbook("build")
    seen = chapbook("publish", "-r", "work", "--dry-run")
    assert seen.status == 0
    assert f"Would upload {SDIST}" in seen.out
    assert "nothing was sent" in seen.out
    assert index.counts["upload"] == 0
    assert (project / "dist").is_dir()


def test_only_the_files_of_the_projects_version_are_published(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    dist = project / "dist"
    for version in ("0.9", "1.0", "2.0"):
        wheel_file(dist, version=version)
    wheel_file(dist, "other", "1.0")
    (dist / "notes.txt").touch()
    assert chapbook("publish", "-r", "work").status == 0
    assert [WHEEL] == [upload.filename for upload in index.uploads.accepted]


def test_without_files_of_the_version_it_is_told_what_there_is(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    wheel_file(project / "dist", version="0.9")
    seen = chapbook("publish", "-r", "work")
    assert seen.status == 1
    assert "no distribution of spam 1.0" in seen.err
    assert "those there are of 0.9" in seen.err
    assert "publish with `--build`" in seen.err
    assert not index.requests


def test_a_dynamic_version_of_another_backend_is_that_of_the_newest_files(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    text = PROJECT.replace('version = "1.0"', 'dynamic = ["version"]')
    (project / "pyproject.toml").write_text(text.replace("poetry.core.masonry.api", "hatchling.build"), "utf-8")
    for version in ("1.9", "1.10", "1.10.dev1"):
        wheel_file(project / "dist", version=version)
    assert chapbook("publish", "-r", "work").status == 0
    assert ["1.10"] == [upload.value("version") for upload in index.uploads.accepted]


def test_files_elsewhere_are_found(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    wheel_file(project / "out", version="1.0+cpu")
    assert chapbook("publish", "-r", "work", "--dist-dir", "out").status == 0
    assert ["1.0+cpu"] == [upload.value("version") for upload in index.uploads.accepted]


def test_nothing_is_sent_when_one_file_would_be_refused(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    sdist_file(project / "dist", metadata_text="Metadata-Version: 2.4\nName: spam\nVersion: 1.0\nClassifier: No\n\nx")
    wheel_file(project / "dist")
    (project / "dist" / "spam-1.0-py2-none-any.whl").write_bytes(b"no wheel")
    seen = chapbook("publish", "-r", "work")
    assert seen.status == 1
    assert "nothing was uploaded" in seen.err
    assert "spam-1.0-py2-none-any.whl" in seen.err
    assert not index.requests


def test_what_is_there_is_not_sent_again(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    wheel_file(project / "dist")
    chapbook("publish", "-r", "work")
    sdist_file(project / "dist")
    seen = chapbook("publish", "-r", "work")
    assert f"{WHEEL} (" in seen.out
    assert "is there already, with the same content" in seen.out
    assert index.counts["upload"] == 2
    assert "Nothing to upload" in chapbook("publish", "-r", "work").out


def test_another_file_of_the_name_stops_everything_before_the_first_byte(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    index.serve("spam", "1.0", summary="other")
    sdist_file(project / "dist")
    wheel_file(project / "dist")
    seen = chapbook("publish", "-r", "work")
    assert seen.status == 1
    assert f"{WHEEL}: the repository has a file of that name already, with other content" in seen.err
    assert index.counts["upload"] == 0
    skipping = chapbook("publish", "-r", "work", "--skip-existing")
    assert skipping.status == 0
    assert f"Skipped {WHEEL}" in skipping.out
    assert [SDIST] == [upload.filename for upload in index.uploads.accepted]


def test_a_private_project_stays_off_the_public_index(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    text = PROJECT.replace("requires-python", 'classifiers = ["Private :: Do Not Upload"]\nrequires-python')
    (project / "pyproject.toml").write_text(text, "utf-8")
    seen = chapbook("publish", "--build", "-u", "me", "-p", SECRET)
    assert seen.status == 1
    assert "keeps it off the public index" in seen.err
    assert chapbook("publish", "-r", "work").status == 0
    assert len(index.uploads.accepted) == 2


WAYS = {
    "options": (["-u", "me", "-p", SECRET], {}, "me"),
    "token option": (["-p", SECRET], {}, "__token__"),
    "our token": ([], {"CHAPBOOK_PYPI_TOKEN_WORK": SECRET}, "__token__"),
    "poetry's token": ([], {"POETRY_PYPI_TOKEN_WORK": SECRET}, "__token__"),
    "basic": ([], {"POETRY_HTTP_BASIC_WORK_USERNAME": "me", "POETRY_HTTP_BASIC_WORK_PASSWORD": SECRET}, "me"),
}


@pytest.mark.parametrize("way", WAYS)
def test_credentials_come_from_everywhere_and_are_shown_nowhere(
    way: str, project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    words, variables, user = WAYS[way]
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    wheel_file(project / "dist")
    index.uploads.tokens[user] = SECRET
    seen = chapbook("publish", "-r", "work", "-vvv", *words)
    assert (0, user) == (seen.status, index.uploads.accepted[0].user)
    index.uploads.tokens[user] = "another"
    sdist_file(project / "dist")
    refused = chapbook("publish", "-r", "work", "-vvv", *words)
    assert refused.status == 1
    assert f"of the user `{user}`, from " in refused.err
    assert "HTTP 403" in refused.err
    assert SECRET not in seen.out + seen.err + refused.out + refused.err
    assert SECRET not in chapbook("publish", "-r", "work", "--format", "json", "--dry-run", *words).out


def test_a_stored_token_is_named_with_its_setting(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    wheel_file(project / "dist")
    chapbook("config", "pypi-token.work", SECRET)
    index.uploads.tokens["__token__"] = "another"
    seen = chapbook("publish", "-r", "work")
    assert "the setting pypi-token.work in `" in seen.err
    assert SECRET not in seen.err


def test_what_no_setting_tells_may_be_in_the_file_of_other_publishers(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel_file(project / "dist")
    monkeypatch.delenv("CHAPBOOK_REPOSITORIES_WORK_URL")
    assert "no repository is called `work`" in chapbook("publish", "-r", "work").err
    file = project.parent / "home" / ".pypirc"
    file.write_text(f"[work]\nrepository = {index.upload_url}\nusername = me\npassword = {SECRET}\n", "utf-8")
    index.uploads.tokens["me"] = SECRET
    seen = chapbook("publish", "-r", "work")
    assert (0, "me") == (seen.status, index.uploads.accepted[0].user)
    sdist_file(project / "dist")
    index.uploads.tokens["me"] = "another"
    seen = chapbook("publish", "-r", "work")
    assert f"of the user `me`, from the section [work] of `{file}`" in seen.err
    assert SECRET not in seen.out + seen.err
    # Who tells the user does not mean the one in the file.
    assert "from the section" not in chapbook("publish", "-r", "work", "-u", "you").err


def test_without_credentials_the_public_index_is_not_even_asked(
    project: Path, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CHAPBOOK_KEYRING_ENABLED", "false")
    wheel_file(project / "dist")
    seen = chapbook("publish", "-n", "--trusted-publishing", "never")
    assert seen.status == 1
    assert "no credentials are known" in seen.err
    assert "CHAPBOOK_PYPI_TOKEN_PYPI" in seen.err


def test_whoever_is_there_is_asked(project: Path, index: FakeIndex) -> None:
    wheel_file(project / "dist")
    index.uploads.tokens["me"] = SECRET
    ask = Answering("me", SECRET)
    result = perform_inside(project, "publish -r work", ask=ask)
    assert isinstance(result, PublishResult)
    assert result.user == "me"
    assert SECRET not in told(result) + str(result.data()) + repr(result) + "".join(ask.heard)


def test_a_job_of_a_build_service_needs_no_token(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel_file(project / "dist")
    index.trusted.identities["identity"] = "minted"
    index.uploads.tokens["nobody"] = "else"
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("FAKE_INDEX_ID_TOKEN", "identity")
    seen = chapbook("publish", "-r", "work", "-v")
    assert (0, "__token__") == (seen.status, index.uploads.accepted[0].user)
    assert "by the credentials from trusted publishing" in seen.out
    assert "minted" not in seen.out + seen.err


def test_trusted_publishing_that_must_be_is_told_when_it_cannot(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    wheel_file(project / "dist")
    seen = chapbook("publish", "-r", "work", "--trusted-publishing", "always")
    assert seen.status == 1
    assert "does not know trusted publishing" in seen.err
    assert index.counts["upload"] == 0


def test_a_job_that_is_not_trusted_is_told_why_and_may_have_other_credentials(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel_file(project / "dist")
    index.trusted.identities["identity"] = "minted"
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    seen = chapbook("publish", "-r", "work")
    assert seen.status == 0
    assert "no trusted publishing: the job may not ask for an identity token" in seen.err
    assert "id-token: write" in seen.err
    assert chapbook("publish", "-r", "work", "--trusted-publishing", "always").status == 1


def test_a_trusted_job_sends_attestations_when_there_is_a_signer(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = wheel_file(project / "dist")
    index.trusted.identities["identity"] = "minted"
    monkeypatch.setenv("GITLAB_CI", "true")
    monkeypatch.setenv("FAKE_INDEX_ID_TOKEN", "identity")
    program = project / "pypi-attestations"
    program.write_text(f"#!{sys.executable}\nraise SystemExit('no identity to sign with')\n", "utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(project))
    seen = chapbook("publish", "-r", "work", "--dry-run")
    assert seen.status == 0
    beside = file.path.with_name(file.path.name + SUFFIX)
    beside.write_bytes(attestation(statement(file)))
    assert ", attested)" in chapbook("publish", "-r", "work").out
    (sent,) = json.loads(index.uploads.accepted[0].value("attestations"))
    assert sent["version"] == 1
    sdist_file(project / "dist")
    unsigned = chapbook("publish", "-r", "work")
    assert unsigned.status == 0
    assert "published without attestations" in unsigned.err


def test_attestations_that_are_asked_for_need_a_signer(
    project: Path, index: FakeIndex, chapbook: Chapbook, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel_file(project / "dist")
    monkeypatch.setenv("PATH", str(project))
    seen = chapbook("publish", "-r", "work", "--attestations")
    assert seen.status == 1
    assert "no signer is installed" in seen.err
    assert index.counts["upload"] == 0


def test_what_was_uploaded_before_a_failure_is_told(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    sdist_file(project / "dist")
    wheel_file(project / "dist")
    index.faults.once("/legacy/", reply_faults.slow(0))
    index.faults.once("/legacy/", reply_faults.status(400, text="no room"))
    seen = chapbook("publish", "-r", "work")
    assert seen.status == 1
    assert "no room" in seen.err
    assert f"uploaded before that: {SDIST}" in seen.err


def test_an_interrupt_tells_what_has_left(project: Path, index: FakeIndex, monkeypatch: pytest.MonkeyPatch) -> None:
    sdist_file(project / "dist")
    wheel_file(project / "dist")
    from chapbook_core.publisher.upload import Uploader

    upload = Uploader.upload

    def interrupted(self: Uploader, *rest: object) -> object:
        if index.uploads.accepted:
            raise KeyboardInterrupt
        return upload(self, *rest)  # type: ignore[arg-type]  # as they came

    monkeypatch.setattr(Uploader, "upload", interrupted)
    with pytest.raises(PublishingStopped) as raised:
        perform_inside(project, "publish -r work")
    assert raised.value.message == f"cancelled; uploaded before that: {SDIST}"
    assert WHEEL in raised.value.hints[0]


def test_the_result_is_data_for_programs(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    file = wheel_file(project / "dist")
    seen = chapbook("publish", "-r", "work", "--format", "json")
    result = json.loads(seen.out)
    assert ("spam", "1.0", "work", index.upload_url) == tuple(
        result[key] for key in ("name", "version", "repository", "url")
    )
    assert result["files"][0]["sha256"] == file.digests["sha256"]
    assert result["files"][0]["outcome"] == Outcome.UPLOADED.value


def test_an_unknown_repository_is_told_before_anything_is_built(project: Path, chapbook: Chapbook) -> None:
    seen = chapbook("publish", "--build", "-r", "nowhere")
    assert seen.status == 2
    assert "chapbook config repositories.nowhere URL" in seen.err
    assert not (project / "dist").exists()


def test_what_is_no_package_is_not_published(project: Path, index: FakeIndex, chapbook: Chapbook) -> None:
    (project / "pyproject.toml").write_text(f"{PROJECT}\n[tool.poetry]\npackage-mode = false\n", "utf-8")
    assert "this project is no package" in chapbook("publish", "-r", "work").err
    assert not index.requests


def test_certificates_are_those_of_option_and_setting(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHAPBOOK_KEYRING_ENABLED", "false")
    wheel_file(project / "dist")
    with FakeIndex(tls="valid") as index:
        monkeypatch.setenv("CHAPBOOK_REPOSITORIES_WORK_URL", index.upload_url)
        result = perform_inside(project, f"publish -r work --cert {index.certificate}")
        assert isinstance(result, PublishResult)
        with pytest.raises(ChapbookError, match="certificate is not trusted"):
            perform_inside(project, "publish -r work")
        monkeypatch.setenv("CHAPBOOK_CERTIFICATES_WORK_CERT", "false")
        assert isinstance(perform_inside(project, "publish -r work"), PublishResult)


def test_many_files_go_over_one_connection_after_one_look_at_the_page(
    project: Path, index: FakeIndex, chapbook: Chapbook
) -> None:
    for number in range(20):
        wheel_file(project / "dist", build=str(number + 1))
    assert chapbook("publish", "-r", "work").status == 0
    assert len(index.uploads.accepted) == 20
    # One for the pages, one for the uploads at most; and the page is asked for once.
    assert index.traffic.connections <= 2
    assert index.counts["page"] == 1

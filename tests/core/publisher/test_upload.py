from __future__ import annotations

import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from chapbook_core.errors import Cancelled, ChapbookError
from chapbook_core.index.failure import ServerTrouble, TooSlow, Unreachable
from chapbook_core.publisher.form import ChangedMeanwhile
from chapbook_core.publisher.refusal import CredentialsRefused, OtherFileThere, RedirectRefused, UploadRefused
from chapbook_core.publisher.upload import MaybeThere, Outcome
from chapbook_core.value import replace
from tests.fakes.index import FakeIndex, reply_faults
from tests.fakes.publishing import QUICK, login, sdist_file, uploading, wheel_file
from tests.fakes.tunnel import tunnel
from tests.fakes.watcher import RecordingWatcher

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from chapbook_core.index.retry import Patience
    from tests.fakes.index.upload import Duplicate


@pytest.fixture
def index() -> Iterator[FakeIndex]:
    with FakeIndex() as running:
        yield running


@contextmanager
def breaking(index: FakeIndex, after: int, times: int = 1) -> Iterator[str]:
    """Stand before an index, and reset the first uploads after some bytes."""
    target = index.origin.rpartition(":")[2]
    left = [times]
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                threading.Thread(target=pass_on, args=(client,), daemon=True).start()

        def pass_on(client: socket.socket) -> None:
            first = client.recv(4096)
            breaks = first.startswith(b"POST") and left[0] > 0
            left[0] -= breaks
            with client, socket.create_connection(("127.0.0.1", int(target))) as inner:
                inner.sendall(first)
                if breaks:
                    seen = len(first)
                    while seen < after and (piece := client.recv(min(4096, after - seen))):
                        seen += len(piece)
                        inner.sendall(piece)
                    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
                    return
                tunnel(client, inner)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.getsockname()[1]}/legacy/"
        finally:
            server.shutdown(socket.SHUT_RDWR)
            thread.join(5)


def test_a_file_arrives_byte_by_byte_with_its_digests(index: FakeIndex, tmp_path: Path) -> None:
    file = wheel_file(tmp_path, weight=300_000, requires=["b>=1", "c"], python=">=3.9")
    with uploading(index) as bench:
        sent = bench.uploader.upload(file)
    assert (Outcome.UPLOADED, 1) == (sent.outcome, sent.tries)
    (accepted,) = index.uploads.accepted
    assert file.path.read_bytes() == accepted.content
    assert file.digests["sha256"] == accepted.value("sha256_digest")
    assert file.digests["blake2b"] == accepted.value("blake2_256_digest")
    assert ("b>=1", "c") == accepted.fields["requires_dist"]
    assert ("bdist_wheel", "py3", ">=3.9") == tuple(
        accepted.value(name) for name in ("filetype", "pyversion", "requires_python")
    )


def test_two_files_go_over_one_connection(index: FakeIndex, tmp_path: Path) -> None:
    with uploading(index) as bench:
        for file in (sdist_file(tmp_path), wheel_file(tmp_path)):
            assert bench.uploader.upload(file).outcome is Outcome.UPLOADED
    assert ["sdist", "bdist_wheel"] == [upload.value("filetype") for upload in index.uploads.accepted]
    assert index.traffic.connections == 1


def test_progress_is_told_in_bytes_of_the_file(index: FakeIndex, tmp_path: Path) -> None:
    file, heard = wheel_file(tmp_path, weight=400_000), list[int]()
    with uploading(index) as bench:
        bench.uploader.upload(file, advance=heard.append)
    assert sorted(heard) == heard
    assert len(heard) > 3
    assert file.size == heard[-1]


@pytest.mark.parametrize("rule", ["exists", "conflict", "overwrite", "taken"])
def test_another_file_of_the_name_is_an_error(rule: Duplicate, index: FakeIndex, tmp_path: Path) -> None:
    index.serve("spam", "1.0", summary="other")
    index.uploads.on_duplicate = rule
    with uploading(index) as bench, pytest.raises(OtherFileThere) as raised:
        bench.uploader.upload(wheel_file(tmp_path))
    assert "with other content" in raised.value.message
    assert not index.uploads.accepted


@pytest.mark.parametrize("rule", ["exists", "conflict", "overwrite", "taken"])
def test_another_file_of_the_name_can_be_skipped(rule: Duplicate, index: FakeIndex, tmp_path: Path) -> None:
    index.serve("spam", "1.0", summary="other")
    index.uploads.on_duplicate = rule
    with uploading(index, skip_existing=True) as bench:
        assert bench.uploader.upload(wheel_file(tmp_path)).outcome is Outcome.SKIPPED


def test_the_same_file_of_the_name_is_no_error(index: FakeIndex, tmp_path: Path) -> None:
    file = wheel_file(tmp_path)
    index.add_file("spam", file.path.name, file.path.read_bytes(), version="1.0")
    index.uploads.on_duplicate = "conflict"
    with uploading(index) as bench:
        assert bench.uploader.upload(file).outcome is Outcome.THERE


def test_a_wrong_digest_is_told_in_the_words_of_the_index(index: FakeIndex, tmp_path: Path) -> None:
    file = wheel_file(tmp_path)
    wrong = replace(file, digests={**file.digests, "sha256": "0" * 64})
    with uploading(index) as bench, pytest.raises(UploadRefused, match="does not have this sha256_digest"):
        bench.uploader.upload(wrong)
    assert index.counts["upload"] == 1


def test_refused_credentials_are_named_but_not_shown(index: FakeIndex, tmp_path: Path) -> None:
    index.uploads.tokens["__token__"] = "right"
    with uploading(index, login=login("wrong-t0ken")) as bench, pytest.raises(CredentialsRefused) as raised:
        bench.uploader.upload(wheel_file(tmp_path))
    told = raised.value.message + " ".join(raised.value.hints)
    assert "HTTP 403" in told
    assert "`__token__`, from a test" in told
    assert "pypi-token.fake" in told
    assert "wrong-t0ken" not in told


def test_a_secret_that_the_index_repeats_is_masked(index: FakeIndex, tmp_path: Path) -> None:
    said = "no: s3cret-t0ken, X19Jb2tlbl9fOg=="
    index.faults.once("/legacy/", reply_faults.status(403, text=said))
    with uploading(index, login=login()) as bench, pytest.raises(CredentialsRefused) as raised:
        bench.uploader.upload(wheel_file(tmp_path))
    assert "no: ****" in raised.value.message
    assert "s3cret" not in raised.value.message


def test_without_credentials_the_refusal_says_how_to_give_them(index: FakeIndex, tmp_path: Path) -> None:
    index.uploads.tokens["__token__"] = "right"
    with uploading(index) as bench, pytest.raises(CredentialsRefused) as raised:
        bench.uploader.upload(wheel_file(tmp_path))
    assert "no credentials were sent" in raised.value.hints[0]


def test_a_reset_in_the_middle_is_tried_again(index: FakeIndex, tmp_path: Path) -> None:
    file = wheel_file(tmp_path, weight=2_000_000)
    with breaking(index, after=200_000) as url, uploading(url) as bench:
        sent = bench.uploader.upload(file)
    assert (Outcome.UPLOADED, 2) == (sent.outcome, sent.tries)
    assert [file.path.read_bytes()] == [upload.content for upload in index.uploads.accepted]
    assert any("again in" in message for message in bench.watcher.messages)


def test_a_connection_that_always_breaks_ends_in_an_error(index: FakeIndex, tmp_path: Path) -> None:
    file = wheel_file(tmp_path, weight=2_000_000)
    # Each request comes over a connection of its own.
    index.faults.always("/simple/*", reply_faults.without_length())
    with (
        breaking(index, after=100_000, times=99) as url,
        uploading(url) as bench,
        pytest.raises(ChapbookError) as raised,
    ):
        bench.uploader.upload(file)
    assert "the connection broke" in raised.value.message
    assert not index.uploads.accepted


def test_a_file_whose_answer_was_lost_is_not_sent_twice(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.once("/legacy/", reply_faults.reset())
    with uploading(index) as bench:
        sent = bench.uploader.upload(wheel_file(tmp_path))
    assert (Outcome.ARRIVED, 1) == (sent.outcome, sent.tries)
    assert index.counts["upload"] == 1


@pytest.mark.parametrize("rule", ["conflict", "exists"])
def test_what_is_sent_twice_and_refused_the_second_time_has_arrived(
    rule: Duplicate, index: FakeIndex, tmp_path: Path
) -> None:
    index.uploads.on_duplicate = rule
    index.faults.once("/legacy/", reply_faults.reset())
    # The page shows the file late, as one that is cached does.
    index.faults.once("/simple/spam/", reply_faults.status(404))
    with uploading(index) as bench:
        sent = bench.uploader.upload(wheel_file(tmp_path))
    assert sent.tries == 2
    assert sent.outcome is (Outcome.ARRIVED if rule == "conflict" else Outcome.UPLOADED)
    assert len(index.uploads.accepted) == 1


def test_a_digest_in_the_refusal_tells_that_the_file_arrived(index: FakeIndex, tmp_path: Path) -> None:
    file = wheel_file(tmp_path)
    index.faults.always("/simple/*", reply_faults.status(404))
    index.faults.once("/legacy/", reply_faults.reset())
    text = f"File already exists ('{file.path.name}', with blake2_256 hash '{file.digests['blake2b']}')"
    index.faults.once("/legacy/", reply_faults.status(400, text=text))
    with uploading(index) as bench:
        assert bench.uploader.upload(file).outcome is Outcome.ARRIVED


def test_what_cannot_be_compared_is_not_called_done(index: FakeIndex, tmp_path: Path) -> None:
    index.uploads.on_duplicate = "conflict"
    index.faults.once("/legacy/", reply_faults.reset())
    index.faults.always("/simple/*", reply_faults.status(404))
    with uploading(index) as bench, pytest.raises(MaybeThere):
        bench.uploader.upload(wheel_file(tmp_path))


@pytest.mark.parametrize("code", [500, 502, 503, 504, 429])
def test_trouble_of_the_server_is_borne(code: int, index: FakeIndex, tmp_path: Path) -> None:
    index.uploads.on_duplicate = "accept"
    index.faults.once("/legacy/", reply_faults.status(code, retry_after=0))
    index.faults.once("/simple/spam/", reply_faults.status(404))
    with uploading(index) as bench:
        sent = bench.uploader.upload(wheel_file(tmp_path))
    assert (Outcome.UPLOADED, 2) == (sent.outcome, sent.tries)


def test_lasting_trouble_is_told(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.always("/legacy/", reply_faults.status(503))
    index.faults.always("/simple/*", reply_faults.status(404))
    with uploading(index) as bench, pytest.raises(ServerTrouble) as raised:
        bench.uploader.upload(wheel_file(tmp_path))
    assert index.counts["upload"] == 3
    assert "what has arrived is not sent twice" in raised.value.hints[-1]


def test_nobody_there_is_told(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/legacy/"
        with uploading(url) as bench, pytest.raises(Unreachable):
            bench.uploader.upload(wheel_file(tmp_path))


def test_a_slow_answer_is_waited_for(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.once("/legacy/", reply_faults.slow(1.2))
    with uploading(index) as bench:
        assert bench.uploader.upload(wheel_file(tmp_path)).outcome is Outcome.UPLOADED
    assert bench.watcher.checkpoints > 1


def test_an_answer_that_never_comes_is_not_waited_for_for_ever(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.always("/legacy/", reply_faults.hang())
    index.faults.always("/simple/*", reply_faults.status(404))
    with uploading(index, silence=0.4, patience=replace_tries(1)) as bench, pytest.raises(TooSlow):
        bench.uploader.upload(wheel_file(tmp_path))


def test_a_redirect_to_another_host_gets_neither_file_nor_credentials(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.once("/legacy/", reply_faults.redirect(f"{index.elsewhere}/legacy/?key=value", 307))
    index.uploads.tokens["__token__"] = "s3cret-t0ken"
    with uploading(index, login=login()) as bench, pytest.raises(RedirectRefused) as raised:
        bench.uploader.upload(wheel_file(tmp_path))
    assert f"sends uploads on to {index.elsewhere}/legacy/?****" in raised.value.message
    assert index.counts["upload"] == 1


def test_cancelling_ends_an_upload_that_hangs(index: FakeIndex, tmp_path: Path) -> None:
    index.faults.always("/legacy/", reply_faults.hang())
    watcher = RecordingWatcher()
    threading.Timer(0.3, watcher.cancel).start()
    began = time.monotonic()
    with uploading(index, watcher=watcher) as bench, pytest.raises(Cancelled):
        bench.uploader.upload(wheel_file(tmp_path))
    assert time.monotonic() - began < 30


def test_a_file_that_changed_since_it_was_checked_is_not_sent(index: FakeIndex, tmp_path: Path) -> None:
    file = wheel_file(tmp_path)
    file.path.write_bytes(b"other")
    with uploading(index) as bench, pytest.raises(ChangedMeanwhile):
        bench.uploader.upload(file)
    file.path.unlink()
    with uploading(index) as bench, pytest.raises(ChangedMeanwhile):
        bench.uploader.upload(file)
    assert not index.uploads.accepted


def test_a_server_that_answers_before_it_has_read_everything_is_heard(tmp_path: Path) -> None:
    file = wheel_file(tmp_path, weight=8_000_000)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def refuse() -> None:
            client, _ = server.accept()
            with client:
                client.recv(1000)
                client.sendall(b"HTTP/1.1 413 Too Large\r\nContent-Length: 8\r\n\r\ntoo much")
                client.shutdown(socket.SHUT_WR)
                time.sleep(0.2)

        thread = threading.Thread(target=refuse)
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/legacy/"
        with uploading(url) as bench, pytest.raises(UploadRefused, match=r"413.*too much"):
            bench.uploader.upload(file)
        thread.join()


def replace_tries(tries: int) -> Patience:
    return replace(QUICK, tries=tries)

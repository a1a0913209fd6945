"""S3 and SQS as the service sees them, over moto and over answers that moto does not give."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError

from worker.aws.client import client
from worker.aws.faults import faults
from worker.aws.s3 import S3Storage
from worker.aws.sqs import SqsQueue
from worker.faults import PermanentFault, TransientFault
from worker.storage import ObjectFacts


def sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def create(storage: S3Storage, key: str, content: bytes) -> bool:
    return storage.create("out", key, content, content_type="text/plain", sha256=sha(content))


def test_create_never_overwrites(cloud: Any, tmp_path: Path) -> None:
    storage = S3Storage(cloud.s3)
    assert create(storage, "a", b"first")
    assert not create(storage, "a", b"second")
    assert storage.read("out", "a", 100) == b"first"
    found = storage.head("out", "a")
    assert found is not None
    assert (found.size, found.sha256) == (5, sha(b"first"))
    path = tmp_path / "file"
    path.write_bytes(b"from a file")
    assert storage.create("out", "b", path, content_type="text/plain", sha256=sha(b"from a file"))
    storage.replace("out", "a", b"third", content_type="text/plain")
    assert storage.read("out", "a", 3) == b"thi"


def test_a_conflict_of_conditional_writes_is_tried_again_then_transient() -> None:
    answers = [409, 409, 200]

    class S3:
        def put_object(self, **_: Any) -> None:
            answer = answers.pop(0)
            if answer != 200:
                raise refused(answer, "ConditionalRequestConflict")

    pauses: list[float] = []
    assert create(S3Storage(S3(), pauses.append), "a", b"x")
    assert pauses == [0.2, 0.4]
    answers[:] = [409] * 4
    with pytest.raises(TransientFault, match="conditional write"):
        create(S3Storage(S3(), pauses.append), "a", b"x")


def refused(status: int, code: str) -> ClientError:
    return ClientError(
        {
            "Error": {"Code": code, "Message": "about patient^name"},
            "ResponseMetadata": {"HTTPStatusCode": status},
        },
        "PutObject",
    )


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (503, "SlowDown", "throttled"),
        (400, "ThrottlingException", "throttled"),
        (500, "InternalError", "aws-error"),
        (403, "AccessDenied", "access-denied"),
        (403, "403", "access-denied"),
        (400, "AWS.SimpleQueueService.NonExistentQueue", "aws-error"),
    ],
)
def test_refusals_are_transient_and_say_nothing_of_the_object(status: int, code: str, expected: str) -> None:
    with pytest.raises(TransientFault) as caught, faults("write"):
        raise refused(status, code)
    assert caught.value.code == expected
    assert "patient" not in caught.value.what


def test_a_lost_connection_is_transient() -> None:
    with pytest.raises(TransientFault) as caught, faults("read"):
        raise EndpointConnectionError(endpoint_url="http://x")
    assert caught.value.code == "connection-lost"


def test_nothing_listens_and_it_is_transient() -> None:
    with pytest.raises(TransientFault):
        SqsQueue(client("sqs", "http://127.0.0.1:9"), "http://127.0.0.1:9/q").send("x")


def test_download_gives_exactly_the_pinned_version(cloud: Any, tmp_path: Path) -> None:
    storage = S3Storage(cloud.s3)
    old = cloud.upload("a", b"old")
    cloud.upload("a", b"newer")
    pinned = ObjectFacts("scans", "a", "", old["VersionId"], 0)
    found = storage.download(pinned, tmp_path / "a", 100)
    assert (tmp_path / "a").read_bytes() == b"old"
    assert (found.size, found.sha256) == (3, sha(b"old"))
    with pytest.raises(PermanentFault) as caught:
        storage.download(ObjectFacts("scans", "a", old["ETag"].strip('"'), None, 0), tmp_path / "a", 100)
    assert caught.value.code == "input-replaced"
    with pytest.raises(PermanentFault) as caught:
        storage.download(ObjectFacts("scans", "gone", "", "v", 0), tmp_path / "a", 100)
    assert caught.value.code == "input-missing"


def test_download_stops_at_the_cap_whatever_the_header_says(tmp_path: Path) -> None:
    class Body:
        def iter_chunks(self, _: int) -> Any:
            while True:
                yield b"x" * 10

    class S3:
        def get_object(self, **_: Any) -> Any:
            return {"ContentLength": 5, "Body": Body()}

    with pytest.raises(PermanentFault) as caught:
        S3Storage(S3()).download(ObjectFacts("b", "k", "e", None, 5), tmp_path / "a", 25)
    assert caught.value.code == "input-too-large"


def test_a_download_that_ends_early_is_transient(tmp_path: Path) -> None:
    class Body:
        def iter_chunks(self, _: int) -> Any:
            return iter([b"half"])

    class S3:
        def get_object(self, **_: Any) -> Any:
            return {"ContentLength": 8, "Body": Body()}

    with pytest.raises(TransientFault) as caught:
        S3Storage(S3()).download(ObjectFacts("b", "k", "e", None, 8), tmp_path / "a", 25)
    assert caught.value.code == "download-cut-off"


def test_list_says_that_there_are_more_than_the_limit(cloud: Any) -> None:
    for number in range(4):
        cloud.upload(f"p/{number}", b"x")
    cloud.upload("p/", b"")
    storage = S3Storage(cloud.s3)
    assert [item.key for item in storage.list("scans", "p/", 10)] == [f"p/{number}" for number in range(4)]
    assert len(storage.list("scans", "p/", 2)) == 3


def test_messages_are_extended_in_batches_and_lost_ones_named(cloud: Any) -> None:
    queue = SqsQueue(cloud.sqs, cloud.queue_url)
    for number in range(12):
        cloud.send(f"{number}")
    messages = [*queue.receive(10, 0, 30), *queue.receive(10, 0, 30)]
    assert len(messages) == 12
    assert messages[0].receive_count == 1
    assert messages[0].sent_at is not None
    assert queue.extend(messages, 30) == frozenset()

    class Failing:
        def change_message_visibility_batch(self, **request: Any) -> Any:
            ids = [entry["Id"] for entry in request["Entries"]]
            failed = {"Id": ids[-1], "SenderFault": True, "Code": "ReceiptHandleIsInvalid"}
            return {"Failed": [failed, {"Id": ids[0], "SenderFault": False, "Code": "InternalError"}]}

    lost = SqsQueue(Failing(), "q").extend(messages, 30)
    assert lost == {messages[9].id, messages[11].id}


def test_what_is_no_longer_ours_needs_no_deleting(cloud: Any) -> None:
    queue = SqsQueue(cloud.sqs, cloud.queue_url)
    cloud.send("x")
    [message] = queue.receive(1, 0, 30)
    queue.delete(message)
    queue.delete(message)
    queue.give_back(message, 0)
    assert cloud.waiting() == 0

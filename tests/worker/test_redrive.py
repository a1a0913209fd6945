"""worker redrive: each dead letter explained, the chosen ones sent again."""

from __future__ import annotations

import json
from typing import Any

import pytest

from worker.aws.sqs import SqsQueue
from worker.cli.entry import main
from worker.redrive import collect


@pytest.fixture
def refused(worker: Any, cloud: Any) -> Any:
    """A poison scan and an unreadable body, refused; and a message that SQS itself moved."""
    cloud.upload("a.json", {"poison": "empty-volume"})
    cloud.ask("a.json")
    cloud.send("garbage")
    assert worker.run() == 0
    cloud.sqs.send_message(QueueUrl=cloud.dead_url, MessageBody='{"bucket": "scans", "key": "killer.json"}')
    return cloud


def redrive(cloud: Any, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setenv("WORKER_AWS_ENDPOINT_URL", cloud.endpoint)
    monkeypatch.setenv("COLUMNS", "250")
    urls = ("--queue-url", cloud.queue_url, "--dead-letter-queue-url", cloud.dead_url)
    return main(["redrive", *urls, *arguments])


def test_every_dead_letter_is_listed_with_its_explanation(
    refused: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert redrive(refused, monkeypatch) == 0
    shown = capsys.readouterr().out
    assert "3 dead letters" in shown
    for words in (
        "empty-volume",
        "s3://scans/a.json",
        "Do not send it.",
        "unreadable-message",
        "moved-by-queue",
    ):
        assert words in shown
    assert refused.waiting() == 0
    assert refused.waiting(refused.dead_url) == 3


def test_a_chosen_code_is_sent_again_and_done_once_the_cause_is_gone(
    refused: Any, worker: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    refused.upload("a.json", {"text": "repaired"})
    assert redrive(refused, monkeypatch, "--code", "empty-volume") == 0
    assert refused.waiting() == 1
    assert refused.waiting(refused.dead_url) == 2
    worker.run()
    assert [result["labels"][0]["voxels"] for result in refused.results()] == [8]


def test_chosen_ids_are_moved_and_an_unknown_id_is_said(
    refused: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    dead = SqsQueue(refused.sqs, refused.dead_url)
    letters = collect(dead, 10)
    for letter in letters:
        dead.give_back(letter.message, 0)
    [chosen] = [letter for letter in letters if letter.code == "unreadable-message"]
    assert chosen.body == "garbage"
    assert redrive(refused, monkeypatch, "--move", chosen.message.id, "no-such-id") == 1
    assert "no-such-id" in capsys.readouterr().err
    [message] = refused.sqs.receive_message(QueueUrl=refused.queue_url)["Messages"]
    assert message["Body"] == "garbage"


def test_a_message_moved_back_asks_for_the_same_object_and_nothing_else(refused: Any) -> None:
    [letter] = [
        letter
        for letter in collect(SqsQueue(refused.sqs, refused.dead_url), 10)
        if letter.code == "empty-volume"
    ]
    assert json.loads(letter.body) == {"bucket": "scans", "key": "a.json"}
    assert letter.explained_at.startswith("errors/a.json/")


def test_both_queues_are_needed(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("WORKER_QUEUE_URL", raising=False)
    assert main(["redrive"]) == 2
    assert "both queues" in capsys.readouterr().err

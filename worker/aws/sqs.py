"""``queueing.Queue`` on SQS."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from worker.aws.faults import faults
from worker.queueing import Message

_BATCH = 10
"""SQS's limit of messages in one request."""


class SqsQueue:
    def __init__(self, sqs: Any, url: str) -> None:
        self._sqs, self._url = sqs, url

    def receive(self, count: int, wait: float, visibility: float) -> Sequence[Message]:
        with faults("receive"):
            answer = self._sqs.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=min(count, _BATCH),
                WaitTimeSeconds=int(wait),
                VisibilityTimeout=_whole(visibility),
                MessageSystemAttributeNames=["ApproximateReceiveCount", "SentTimestamp"],
            )
        return [_message(item) for item in answer.get("Messages", ())]

    def extend(self, messages: Sequence[Message], visibility: float) -> frozenset[str]:
        lost: set[str] = set()
        for start in range(0, len(messages), _BATCH):
            batch = messages[start : start + _BATCH]
            entries = [
                {"Id": str(i), "ReceiptHandle": message.receipt, "VisibilityTimeout": _whole(visibility)}
                for i, message in enumerate(batch)
            ]
            with faults("extend"):
                answer = self._sqs.change_message_visibility_batch(QueueUrl=self._url, Entries=entries)
            # A sender's fault (invalid handle, not in flight) stays one; the service's own is tried at the next beat.
            lost |= {batch[int(f["Id"])].id for f in answer.get("Failed", ()) if f.get("SenderFault")}
        return frozenset(lost)

    def give_back(self, message: Message, delay: float) -> None:
        with faults("give back", ignored=_NOT_OURS):
            self._sqs.change_message_visibility(
                QueueUrl=self._url, ReceiptHandle=message.receipt, VisibilityTimeout=_whole(delay)
            )

    def delete(self, message: Message) -> None:
        with faults("delete", ignored=_NOT_OURS):
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=message.receipt)

    def send(self, body: str) -> None:
        with faults("send"):
            self._sqs.send_message(QueueUrl=self._url, MessageBody=body)


_NOT_OURS = ("ReceiptHandleIsInvalid", "MessageNotInflight", "InvalidParameterValue")
"""The message is somebody else's or gone: there is nothing left to give back or delete."""


def _whole(seconds: float) -> int:
    """SQS takes whole seconds: rounded up, for a promise kept longer harms nobody."""
    return -int(-seconds // 1)


def _message(item: dict[str, Any]) -> Message:
    attributes = item.get("Attributes", {})
    sent = attributes.get("SentTimestamp")
    return Message(
        id=item["MessageId"],
        receipt=item["ReceiptHandle"],
        body=item["Body"],
        receive_count=int(attributes.get("ApproximateReceiveCount", 1)),
        sent_at=int(sent) / 1000 if sent else None,
    )

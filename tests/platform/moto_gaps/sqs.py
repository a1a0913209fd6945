"""Queues: attributes that moto forgets, clears or spells otherwise than SQS, and counts that cost it too much."""

from __future__ import annotations

import json
from typing import Any

from moto.core.utils import unix_time_millis
from moto.sqs.models import Message, Queue

_set_attributes = Queue._set_attributes
_attributes = Queue.attributes.fget


def set_attributes(self: Queue, attributes: dict[str, Any], now: float | None = None) -> None:
    """Keep the policy when another attribute is set; a customer key switches SSE-SQS off."""
    policy = self.policy if hasattr(self, "_policy_json") else None
    _set_attributes(self, attributes, now)
    if "Policy" not in attributes:
        self.policy = policy
    if not self.redrive_allow_policy:
        self.redrive_allow_policy = None
    if self.kms_master_key_id:
        self.sqs_managed_sse_enabled = False


def attributes(self: Queue) -> dict[str, Any]:
    """SQS gives documents without spaces; the provider polls until what it wrote is what it reads."""
    found: dict[str, Any] = _attributes(self)
    if isinstance(found.get("RedrivePolicy"), str):
        found["RedrivePolicy"] = json.dumps(json.loads(found["RedrivePolicy"]), separators=(",", ":"))
    return found


def messages(self: Queue) -> list[Message]:
    """With one look at the clock: moto's own, at each message, makes a send cost 25 ms where 1,000 wait."""
    now = unix_time_millis()
    return [each for each in self._messages if each.visible_at < now and each.delayed_until <= now]


def not_visible(self: Queue) -> int:
    """How many are in flight."""
    now = unix_time_millis()
    return sum(each.visible_at >= now for each in self._messages)


def delayed(self: Queue) -> int:
    """How many are not to be had yet."""
    now = unix_time_millis()
    return sum(each.delayed_until > now for each in self._messages)


Queue.messages = property(messages)
Queue.approximate_number_of_messages_not_visible = property(not_visible)
Queue.approximate_number_of_messages_delayed = property(delayed)
Queue.redrive_allow_policy = None
if "RedriveAllowPolicy" not in Queue.BASE_ATTRIBUTES:
    Queue.BASE_ATTRIBUTES.append("RedriveAllowPolicy")
Queue._set_attributes = set_attributes
Queue.attributes = property(attributes)

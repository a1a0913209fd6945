"""The message parser: every shape there is, and nothing hostile brings it down."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from worker.faults import PermanentFault
from worker.messages import ScanRequest, parse

_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=40)
_KEY = _TEXT.filter(lambda key: not key.endswith("/"))
_ID = st.text("abcdef0123456789", min_size=1, max_size=32)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=10),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=20,
)


def record(
    bucket: str, key: str, version: str | None, etag: str | None, name: str = "ObjectCreated:Put"
) -> dict[str, Any]:
    item: dict[str, Any] = {"key": quote_plus(key), "size": 7}
    item |= {"versionId": version} if version else {}
    item |= {"eTag": etag} if etag else {}
    return {"eventSource": "aws:s3", "eventName": name, "s3": {"bucket": {"name": bucket}, "object": item}}


@given(st.lists(st.tuples(_TEXT, _KEY, st.none() | _ID, st.none() | _ID), max_size=5), st.integers(0, 2))
def test_every_record_of_an_s3_event_is_found_also_inside_sns(
    wanted: list[tuple[str, str, str | None, str | None]], envelopes: int
) -> None:
    body = json.dumps({"Records": [record(*each) for each in wanted]})
    for _ in range(envelopes):
        body = json.dumps({"Type": "Notification", "Message": body, "TopicArn": "t"})
    found = [(each.bucket, each.key, each.version_id, each.etag) for each in parse(body)]
    assert found == wanted


@given(_TEXT, _KEY, st.none() | _ID)
def test_eventbridge_and_plain_keys_are_taken_as_they_are(bucket: str, key: str, version: str | None) -> None:
    item: dict[str, Any] = {"key": key, "etag": "e1"} | ({"version-id": version} if version else {})
    event = {"detail-type": "Object Created", "detail": {"bucket": {"name": bucket}, "object": item}}
    assert parse(json.dumps(event)) == [ScanRequest(bucket, key, version, "e1")]
    plain = {"bucket": bucket, "key": key} | ({"version_id": version} if version else {})
    assert parse(json.dumps(plain)) == [ScanRequest(bucket, key, version)]


@given(st.one_of(st.text(max_size=60), _JSON.map(json.dumps)))
def test_any_body_is_read_or_refused_in_words(body: str) -> None:
    try:
        assert isinstance(parse(body), list)
    except PermanentFault as fault:
        assert fault.code == "unreadable-message"


@given(_JSON, st.sampled_from(["Records", "detail", "bucket", "key", "Message"]))
def test_a_known_shape_with_a_hostile_part_is_read_or_refused_in_words(part: Any, name: str) -> None:
    shape = {"detail-type": "Object Created"} if name == "detail" else {"Type": "Notification"}
    for body in ({**shape, name: part}, {"bucket": "b", "key": "k", name: part}, {"Records": [{"s3": part}]}):
        try:
            parse(json.dumps(body))
        except PermanentFault as fault:
            assert fault.code == "unreadable-message"


def test_a_test_event_a_deletion_and_a_consoles_folder_ask_for_nothing() -> None:
    assert parse('{"Service": "Amazon S3", "Event": "s3:TestEvent", "Bucket": "b"}') == []
    assert parse(json.dumps({"Records": [record("b", "k", None, None, "ObjectRemoved:Delete")]})) == []
    assert parse(json.dumps({"Records": [record("b", "folder/", None, None)]})) == []
    assert parse('{"detail-type": "Object Deleted", "detail": {}}') == []
    assert parse('{"Records": []}') == []


def test_a_plain_key_with_a_slash_at_its_end_is_a_folder_of_dicom_files() -> None:
    [request] = parse('{"bucket": "b", "key": "series/1/"}')
    assert request.is_prefix


def test_a_plus_is_a_space_in_s3_events_and_a_plus_elsewhere() -> None:
    event = {"Records": [{"s3": {"bucket": {"name": "b"}, "object": {"key": "M%C3%BCller+1%2B2.nii"}}}]}
    assert parse(json.dumps(event))[0].key == "Müller 1+2.nii"
    assert parse('{"bucket": "b", "key": "a+b"}')[0].key == "a+b"


def test_version_null_pins_nothing() -> None:
    assert parse('{"bucket": "b", "key": "k", "version_id": "null"}')[0].version_id is None


@pytest.mark.parametrize("depth", [4, 500])
def test_envelopes_do_not_nest_without_end(depth: int) -> None:
    body = '{"bucket": "b", "key": "k"}'
    for _ in range(4):
        body = json.dumps({"Type": "Notification", "Message": body})
    with pytest.raises(PermanentFault):
        parse(body)
    with pytest.raises(PermanentFault):
        parse("[" * depth * 1000)

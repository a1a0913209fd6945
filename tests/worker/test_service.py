"""The service over moto: what becomes of each scan, and of its message."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import jsonschema

SCHEMA = Path(__file__).parents[2] / "reports/schema/worker-result.schema.json"


def test_a_scan_ends_as_outputs_and_a_marker_that_keeps_the_published_schema(worker: Any, cloud: Any) -> None:
    version = cloud.upload("clinic/a b.json", {"text": "hello"})["VersionId"]
    cloud.ask("clinic/a b.json")
    assert worker.run() == 0
    [result] = cloud.results()
    jsonschema.validate(result, json.loads(SCHEMA.read_text()))
    assert result["input"]["version_id"] == version
    assert result["labels"][0]["voxels"] == 5
    assert set(result["seconds"]) >= {"download", "prepare", "infer", "export", "postprocess", "total"}
    for output in result["outputs"]:
        content = cloud.s3.get_object(Bucket="out", Key=output["key"])["Body"].read()
        assert hashlib.sha256(content).hexdigest() == output["sha256"]
    assert cloud.waiting() == 0
    assert worker.outcome("done") == 1
    assert worker.metrics.registry.get_sample_value("worker_device_peak_memory_bytes") == 7


def test_a_second_delivery_does_no_work_and_writes_nothing(worker: Any, cloud: Any) -> None:
    cloud.upload("a.json", {"text": "hello"})
    cloud.ask("a.json")
    worker.run()
    cloud.ask("a.json")
    worker.run()
    assert worker.segmenter.prepared == 1
    assert worker.outcome("duplicate") == 1
    versions = cloud.s3.list_object_versions(Bucket="out")["Versions"]
    assert len(versions) == len({item["Key"] for item in versions}) == 3
    assert cloud.waiting() == 0


def test_doubles_held_at_the_same_time_share_one_piece_of_work(worker: Any, cloud: Any) -> None:
    worker.segmenter.pause = 0.3
    cloud.upload("a.json", {"text": "hello"})
    for _ in range(3):
        cloud.ask("a.json")
    worker.run()
    assert worker.segmenter.prepared == 1
    assert (worker.outcome("done"), worker.outcome("duplicate")) == (1, 2)
    assert cloud.waiting() == 0


def test_a_permanent_fault_is_explained_and_moved_at_once(worker: Any, cloud: Any) -> None:
    cloud.upload("bad.json", {"poison": "empty-volume"})
    cloud.ask("bad.json")
    worker.run()
    [error] = cloud.errors()
    assert error["code"] == "empty-volume"
    assert error["key"] == "bad.json"
    assert error["repair"] == "Do not send it."
    assert error["attempts"] == 1
    [letter] = cloud.dead()
    assert letter["fault"]["code"] == "empty-volume"
    assert (letter["bucket"], letter["key"]) == ("scans", "bad.json")
    assert cloud.waiting() == 0
    assert cloud.results() == []


def test_a_body_that_cannot_be_read_is_explained_and_moved(worker: Any, cloud: Any) -> None:
    cloud.send("not json")
    worker.run()
    [error] = cloud.errors()
    assert error["code"] == "unreadable-message"
    assert error["message"] == "not json"
    [letter] = cloud.dead()
    assert letter["unreadable"] == "not json"
    assert cloud.waiting() == 0


def test_a_missing_object_is_a_permanent_fault(worker: Any, cloud: Any) -> None:
    cloud.ask("nowhere.json")
    worker.run()
    assert [error["code"] for error in cloud.errors()] == ["input-missing"]


def test_a_transient_fault_is_retried_and_explained_when_retries_end(worker: Any, cloud: Any) -> None:
    worker.overrides["max_receives"] = 3
    cloud.upload("a.json", {"transient": True, "text": "x"})
    cloud.ask("a.json")
    worker.run()
    assert worker.segmenter.prepared == 3
    assert (worker.outcome("retried"), worker.outcome("refused")) == (2, 1)
    [error] = cloud.errors()
    assert (error["code"], error["attempts"], error["permanent"]) == ("flaky", 3, False)
    assert len(cloud.dead()) == 1


def test_a_message_delivered_too_often_is_given_up_before_it_kills_again(worker: Any, cloud: Any) -> None:
    worker.overrides["max_receives"] = 2
    cloud.upload("a.json", {"text": "x"})
    cloud.ask("a.json")
    for _ in range(2):  # two workers took it and died
        cloud.sqs.receive_message(QueueUrl=cloud.queue_url, VisibilityTimeout=0)
    worker.run()
    assert worker.segmenter.prepared == 0
    assert [error["code"] for error in cloud.errors()] == ["attempts-exhausted"]


def test_out_of_device_memory_is_tried_once_more_in_smaller_tiles(worker: Any, cloud: Any) -> None:
    cloud.upload("a.json", {"oom": True, "text": "x"})
    cloud.ask("a.json")
    worker.run()
    assert worker.segmenter.smaller == [False, True]
    [result] = cloud.results()
    assert result["smaller_tiles"] is True


def test_records_of_one_message_have_outcomes_of_their_own(worker: Any, cloud: Any) -> None:
    worker.overrides["max_receives"] = 2
    records = []
    for name, content in (
        ("good", {"text": "x"}),
        ("poison", {"poison": "empty-volume"}),
        ("flaky", {"transient": True, "text": "y"}),
    ):
        etag = cloud.upload(f"{name}.json", content)["ETag"]
        item = {"key": f"{name}.json", "eTag": etag.strip('"')}
        records.append(
            {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "scans"}, "object": item}}
        )
    cloud.send({"Records": records})
    worker.run()
    assert [result["input"]["key"] for result in cloud.results()] == ["good.json"]
    assert sorted(error["code"] for error in cloud.errors()) == ["empty-volume", "flaky"]
    assert sorted(letter["fault"]["code"] for letter in cloud.dead()) == ["empty-volume", "flaky"]
    assert worker.outcome("done") == 1
    assert worker.segmenter.prepared == 4  # the poison is not read again, the good scan neither
    assert cloud.waiting() == 0


def test_test_events_and_deletions_are_dropped_and_own_outputs_never_read(worker: Any, cloud: Any) -> None:
    cloud.send({"Event": "s3:TestEvent", "Bucket": "scans"})
    removed = {"bucket": {"name": "scans"}, "object": {"key": "a"}}
    cloud.send({"Records": [{"eventName": "ObjectRemoved:Delete", "s3": removed}]})
    cloud.send({"bucket": "out", "key": "results/a/result.json"})
    worker.run()
    assert worker.outcome("ignored") == 3
    assert cloud.waiting() == 0
    assert cloud.keys() == []


def test_a_foreign_bucket_is_refused_where_one_is_set(worker: Any, cloud: Any) -> None:
    worker.overrides["input_bucket"] = "scans"
    cloud.send({"bucket": "elsewhere", "key": "a"})
    worker.run()
    assert [error["code"] for error in cloud.errors()] == ["foreign-bucket"]


def test_a_folder_of_files_is_one_scan(worker: Any, cloud: Any) -> None:
    for number in range(12):
        cloud.upload(f"series/IM{number:02d}.dcm", f"{number};".encode())
    cloud.ask("series/")
    worker.run()
    [result] = cloud.results()
    assert result["input"]["files"] == 12
    mask = cloud.s3.get_object(Bucket="out", Key=result["outputs"][0]["key"])["Body"].read()
    assert mask == "+".join(f"{number};" for number in range(12)).encode()


def test_an_object_replaced_since_its_message_is_not_mistaken_for_it(worker: Any, cloud: Any) -> None:
    old = cloud.upload("a.json", {"text": "old"})
    cloud.upload("a.json", {"text": "new"})
    cloud.send({"bucket": "scans", "key": "a.json", "etag": old["ETag"]})
    cloud.send({"bucket": "scans", "key": "a.json", "version_id": old["VersionId"]})
    worker.run()
    assert [error["code"] for error in cloud.errors()] == ["input-replaced"]
    [result] = cloud.results()
    mask = cloud.s3.get_object(Bucket="out", Key=result["outputs"][0]["key"])["Body"].read()
    assert mask == b"OLD"


def test_a_scan_above_the_limit_is_refused_and_leaves_nothing_on_disk(worker: Any, cloud: Any) -> None:
    worker.overrides["max_input_bytes"] = 10
    cloud.upload("a.json", b"x" * 11)
    cloud.ask("a.json")
    worker.run()
    assert [error["code"] for error in cloud.errors()] == ["input-too-large"]
    assert list(worker.scratch.rglob("*")) == []


def test_a_partial_output_of_a_dead_worker_is_kept_apart_from_the_result(worker: Any, cloud: Any) -> None:
    cloud.upload("a.json", {"text": "hello"})
    cloud.ask("a.json")
    worker.run()
    [first] = cloud.results()
    marker = first["outputs"][0]["key"].replace("mask.txt", "result.json")
    mask = first["outputs"][0]["key"]
    for item in cloud.s3.list_object_versions(Bucket="out")["Versions"]:
        if item["Key"] in (marker, mask):
            cloud.s3.delete_object(Bucket="out", Key=item["Key"], VersionId=item["VersionId"])
    cloud.upload(mask, b"half a mask", bucket="out")
    cloud.ask("a.json")
    worker.run()
    [second] = cloud.results()
    assert second["outputs"][0]["key"] != mask
    assert cloud.s3.get_object(Bucket="out", Key=second["outputs"][0]["key"])["Body"].read() == b"HELLO"
    assert cloud.s3.get_object(Bucket="out", Key=mask)["Body"].read() == b"half a mask"
    assert second["outputs"][1]["key"] == first["outputs"][1]["key"]


def test_errors_of_our_own_in_a_row_end_the_process_for_a_fresh_one(worker: Any, cloud: Any) -> None:
    for number in range(4):
        cloud.upload(f"{number}.json", {"bug": True, "n": number})
        cloud.ask(f"{number}.json")
    worker.overrides |= {"backoff_seconds": 60}
    assert worker.service(until_empty=False).run() == 1
    assert cloud.waiting() == 4


def test_a_folder_is_refused_in_words_when_empty_or_too_large(worker: Any, cloud: Any) -> None:
    worker.overrides |= {"max_input_files": 3, "max_input_bytes": 50}
    for number in range(4):
        cloud.upload(f"many/{number}", b"x")
    for number in range(2):
        cloud.upload(f"large/{number}", b"x" * 30)
    for prefix in ("many/", "large/", "empty/"):
        cloud.ask(prefix)
    worker.run()
    found = {error["key"]: error["code"] for error in cloud.errors()}
    assert found == {"many/": "too-many-files", "large/": "input-too-large", "empty/": "input-missing"}


def test_names_of_files_in_a_folder_cannot_leave_the_scratch_folder(worker: Any, cloud: Any) -> None:
    cloud.upload("series/../../../escape.dcm", b"a;")
    cloud.upload("series/sub/IM 1.dcm", b"b;")
    cloud.ask("series/")
    worker.run()
    [result] = cloud.results()
    mask = cloud.s3.get_object(Bucket="out", Key=result["outputs"][0]["key"])["Body"].read()
    assert mask == b"A;+B;"


def test_the_logs_of_a_run_carry_no_key_and_no_text_of_a_scan(worker: Any, cloud: Any) -> None:
    import io
    import logging

    from worker.logs import JsonFormatter

    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logging.getLogger("worker").addHandler(handler)
    logging.getLogger("worker").setLevel(logging.DEBUG)
    try:
        cloud.upload("DOE^JANE.json", {"text": "DOE^JANE"})
        cloud.upload("DOE^JANE.bad", {"poison": "empty-volume"})
        for key in ("DOE^JANE.json", "DOE^JANE.bad", "DOE^JANE.missing"):
            cloud.ask(key)
        cloud.send("DOE^JANE")
        worker.run()
    finally:
        logging.getLogger("worker").removeHandler(handler)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    assert {line["event"] for line in lines} >= {"scan ended", "fault", "message refused"}
    assert "DOE" not in stream.getvalue()

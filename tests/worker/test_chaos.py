"""Workers die at every point, messages double, handles are lost, S3 throttles: no scan is lost, none is done twice."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

CHILD = Path(__file__).parent / "chaos_worker.py"
POINTS = (
    "receive", "download", "prepare", "infer", "export", "upload", "marker", "after-marker", "delete",
    "heartbeat", "explained", "dead-letter",
)  # fmt: skip
SIGNALS = ("SIGKILL", "SIGTERM")
GOOD, DOUBLED, LOST, SMALL_TILES, POISON, HOSTILE, MALFORMED, MISSING = 150, 40, 12, 8, 12, 12, 8, 6
LIMIT_SECONDS = 420


@dataclass
class Children:
    """Processes of the worker, and what they said."""

    cloud: Any
    folder: Path
    running: list[tuple[subprocess.Popen[str], Path, dict[str, Any]]] = field(default_factory=list)
    lines: list[dict[str, Any]] = field(default_factory=list)
    started: int = 0

    def start(
        self, point: str = "", signal: str = "SIGKILL", *, throttle: float = 0.03, until_empty: bool = False
    ) -> None:
        self.started += 1
        hits = {"explained": 1, "dead-letter": 1, "receive": 1, "heartbeat": 1}.get(
            point, 1 + self.started % 3
        )
        plan = {
            "endpoint": self.cloud.endpoint, "queue": self.cloud.queue_url, "dead": self.cloud.dead_url,
            "scratch": str(self.folder / "scratch"), "point": point, "signal": signal, "hits": hits,
            "throttle": throttle, "until_empty": until_empty,
        }  # fmt: skip
        log = self.folder / f"{self.started}.jsonl"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                [sys.executable, str(CHILD), json.dumps(plan)], stderr=stderr, text=True
            )
        self.running.append((process, log, plan))

    def reap(self) -> None:
        for entry in list(self.running):
            process, log, plan = entry
            if process.poll() is not None:
                self.running.remove(entry)
                *whole, _cut_off = log.read_text().split("\n")
                said = [json.loads(line) for line in whole]
                expected = {0, -9} if plan["signal"] == "SIGKILL" else {0}
                assert process.returncode in expected, said[-5:]
                self.lines += said

    def stop(self) -> None:
        for process, _, _ in self.running:
            process.terminate()
        for process, _, _ in self.running:
            process.wait(30)
        self.reap()

    def deaths(self) -> Counter[tuple[str, str]]:
        return Counter((line["died_at"], line["signal"]) for line in self.lines if "died_at" in line)

    def outcomes(self) -> Counter[str]:
        return Counter(line["outcome"] for line in self.lines if line.get("event") == "scan ended")


@pytest.fixture
def children(cloud: Any, tmp_path: Path) -> Iterator[Children]:
    made = Children(cloud, tmp_path)
    yield made
    for process, _, _ in made.running:
        process.kill()
        process.wait()


def scatter(cloud: Any) -> tuple[dict[str, str], dict[str, str]]:
    """Put all scans and messages out, shuffled. What each good key's mask must say; what each bad key's fault is."""
    good = {f"good-{number}": f"text of {number}" for number in range(GOOD)}
    lost = {
        f"lost-{('deaf', 'told', 'fooled')[number % 3]}-{number}": f"lost {number}" for number in range(LOST)
    }
    small = {f"small-{number}": f"small {number}" for number in range(SMALL_TILES)}
    for key, text in good.items():
        cloud.upload(key, {"text": text})
    for key, text in lost.items():
        cloud.upload(key, {"text": text, "slow": 3.5})
    for key, text in small.items():
        cloud.upload(key, {"text": text, "oom": True})
    bad = {
        f"poison-{number}": ("empty-volume", "no-voxels", "unknown-modality")[number % 3]
        for number in range(POISON)
    }
    for key, code in bad.items():
        cloud.upload(key, {"poison": code})
    for number in range(HOSTILE):
        bad[f"hostile-{number}.zip"] = "unreadable-image"
        cloud.upload(f"hostile-{number}.zip", b"PK\x03\x04" + random.randbytes(50))
    bad |= {f"missing-{number}": "input-missing" for number in range(MISSING)}
    singles = [*list(good)[30:], *list(good)[:DOUBLED], *lost, *small, *bad]
    bodies = [json.dumps({"bucket": "scans", "key": key}) for key in singles]
    bodies += [event(list(good)[start : start + 3]) for start in range(0, 30, 3)]
    bodies += [f"no message {number}" for number in range(MALFORMED)]
    random.shuffle(bodies)
    for start in range(0, len(bodies), 10):
        entries = [{"Id": str(i), "MessageBody": body} for i, body in enumerate(bodies[start : start + 10])]
        cloud.sqs.send_message_batch(QueueUrl=cloud.queue_url, Entries=entries)
    print(f"\nmessages sent: {len(bodies)}, scans: {len(good | lost | small)} good, {len(bad)} bad")
    return good | lost | small, bad


def event(keys: list[str]) -> str:
    records = [
        {"eventName": "ObjectCreated:Put", "s3": {"bucket": {"name": "scans"}, "object": {"key": key}}}
        for key in keys
    ]
    return json.dumps({"Records": records})


def rage(cloud: Any, children: Children) -> int:
    """Three workers at a time, until each point was died at by each signal, then until the queue is empty.

    Returns how many extra messages it took, where the queue ran dry before a point was reached.
    """
    plans = [(point, number) for point in reversed(POINTS) for number in SIGNALS]
    deadline, extra = time.monotonic() + LIMIT_SECONDS, 0
    while plans or len(children.running) > 0:
        assert time.monotonic() < deadline, f"still to die: {plans}, alive: {children.running}"
        children.reap()
        while plans and len(children.running) < 3:
            children.start(*plans.pop(0))
        if cloud.waiting() == 0:
            extra += 1
            cloud.upload(f"poison-extra-{extra}", {"poison": "empty-volume"})
            cloud.ask(f"poison-extra-{extra}")
            cloud.ask("good-1")
        time.sleep(0.2)
    while cloud.waiting():
        assert time.monotonic() < deadline, f"left in the queue: {cloud.waiting()}"
        children.start(until_empty=True)
        children.start(until_empty=True)
        while children.running:
            children.reap()
            time.sleep(0.1)
    return extra


@pytest.mark.slow
def test_no_scan_is_lost_and_no_result_written_twice(cloud: Any, children: Children) -> None:
    random.seed(20261121)
    good, bad = scatter(cloud)
    extra = rage(cloud, children)
    bad |= {f"poison-extra-{number}": "empty-volume" for number in range(1, extra + 1)}

    assert set(children.deaths()) == {(point, number) for point in POINTS for number in SIGNALS}
    results = {result["input"]["key"]: result for result in cloud.results()}
    assert set(results) == set(good)
    assert written_once(cloud) == len(cloud.keys("results/"))
    for key, result in results.items():
        check_outputs(cloud, result, good[key])
    faults = {error["key"]: error["code"] for error in cloud.errors() if error["key"]}
    assert faults == bad
    unreadable = {error["message"] for error in cloud.errors() if not error["key"]}
    assert unreadable == {f"no message {number}" for number in range(MALFORMED)}
    letters = cloud.dead()
    assert {letter["key"] for letter in letters if "key" in letter} == set(bad)
    assert {letter["unreadable"] for letter in letters if "unreadable" in letter} == unreadable
    assert cloud.waiting() == 0
    tell(children, len(results), len(faults) + len(unreadable), len(letters))


def written_once(cloud: Any) -> int:
    """Objects under results/, each with one version only: nothing was overwritten, ever."""
    versions: Counter[str] = Counter()
    for page in cloud.s3.get_paginator("list_object_versions").paginate(Bucket="out", Prefix="results/"):
        versions.update(item["Key"] for item in page.get("Versions", ()))
    assert set(versions.values()) == {1}
    return len(versions)


def check_outputs(cloud: Any, result: Any, text: str) -> None:
    for output in result["outputs"]:
        content = cloud.s3.get_object(Bucket="out", Key=output["key"])["Body"].read()
        assert hashlib.sha256(content).hexdigest() == output["sha256"]
        if output["name"] == "mask.txt":
            assert content.decode() == text.upper()


def tell(children: Children, done: int, explained: int, letters: int) -> None:
    throttled = sum(1 for line in children.lines if "throttled" in line)
    lost = Counter(
        line["event"]
        for line in children.lines
        if line.get("event") in ("receipt handle lost", "visibility not extended")
    )
    print(
        f"workers: {children.started}, killed or ended: {dict(Counter(s for _, s in children.deaths().elements()))}"
    )
    print(f"died at: {dict(Counter(point for point, _ in children.deaths().elements()))}")
    print(f"outcomes: {dict(children.outcomes())}")
    print(f"S3 requests throttled: {throttled}, {dict(lost)}")
    print(
        f"results: {done} of {done}, lost: 0, written twice: 0; explained: {explained}, dead letters: {letters}"
    )


@pytest.mark.slow
def test_two_workers_on_one_queue_share_the_work_and_the_sum_is_exact(cloud: Any, children: Children) -> None:
    for number in range(80):
        cloud.upload(f"scan-{number}", {"text": str(number), "slow": 0.05})
        cloud.ask(f"scan-{number}")
    children.start(until_empty=True, throttle=0)
    children.start(until_empty=True, throttle=0)
    logs = [log for _, log, _ in children.running]
    deadline = time.monotonic() + 90
    while children.running:
        assert time.monotonic() < deadline
        children.reap()
        time.sleep(0.1)
    done = [log.read_text().count('"outcome": "done"') for log in logs]
    print(f"\nscans by worker: {done}")
    assert sum(done) == 80
    assert min(done) >= 10
    assert len(cloud.results()) == 80
    assert cloud.waiting() == 0

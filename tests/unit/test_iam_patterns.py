"""Patterns of actions and ARNs, with wildcards on both sides and parts that are not known."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auditor.iam.patterns import ANONYMOUS, Match, match_action, match_resource

QUEUE = "arn:aws:sqs:us-east-1:111122223333:jobs"


@pytest.mark.parametrize(
    ("pattern", "asked", "expected"),
    [
        ("*", "sqs:SendMessage", Match.COVERS),
        ("sqs:*", "SQS:SendMessage", Match.COVERS),
        ("SQS:send*", "sqs:SendMessage", Match.COVERS),
        ("sqs:SendMessag?", "sqs:SendMessage", Match.COVERS),
        ("sqs:SendMessage", "sqs:SendMessageBatch", Match.NONE),
        ("s3:Get*", "s3:*", Match.PARTLY),
        ("s3:*", "s3:Get*", Match.COVERS),
    ],
)
def test_actions_are_compared_without_case_and_by_wildcards(
    pattern: str, asked: str, expected: Match
) -> None:
    assert match_action(pattern, asked) is expected


@pytest.mark.parametrize(
    ("pattern", "asked", "expected"),
    [
        (QUEUE, QUEUE, Match.COVERS),
        ("arn:aws:sqs:*:*:jobs", QUEUE, Match.COVERS),
        ("arn:aws:sqs", QUEUE, Match.COVERS),  # AWS completes an ARN with *
        ("arn:aws:sqs:*", QUEUE, Match.COVERS),
        ("arn:aws:sqs:*:jobs", QUEUE, Match.NONE),  # a * does not reach over a colon
        ("arn:aws:SQS:*:*:jobs", QUEUE, Match.NONE),
        ("arn:aws:s3:::scans/*", "arn:aws:s3:::scans/in/a:b", Match.COVERS),
        ("arn:aws:s3:::scans/*", "arn:aws:s3:::scans", Match.NONE),
        ("arn:aws:s3:::scans/in/*", "arn:aws:s3:::scans/*", Match.PARTLY),
        (QUEUE, "*", Match.PARTLY),
        ("arn:*:*:*:*:*", "*", Match.COVERS),
    ],
)
def test_arns_are_compared_part_by_part(pattern: str, asked: str, expected: Match) -> None:
    assert match_resource(pattern, asked) is expected


@pytest.mark.parametrize(
    ("pattern", "asked", "expected"),
    [
        ("${aws_sqs_queue.jobs.arn}", "${aws_sqs_queue.jobs.arn}", Match.COVERS),
        ("${aws_sqs_queue.jobs.arn}", "${aws_sqs_queue.dlq.arn}", Match.NONE),
        ('${aws_sqs_queue.q["a"].arn}', '${aws_sqs_queue.q["b"].arn}', Match.NONE),
        ("${aws_s3_bucket.in.arn}/*", "${aws_s3_bucket.in.arn}/x", Match.COVERS),
        ("arn:aws:s3:::*", "${aws_sqs_queue.jobs.arn}", Match.NONE),
        ("arn:aws:sqs:*:*:*", "${aws_sqs_queue.jobs.arn}", Match.MAYBE),  # its partition is not known
        (QUEUE, "${aws_sqs_queue.jobs.arn}", Match.MAYBE),
        ("arn:aws:s3:::${var.bucket}/*", QUEUE, Match.NONE),
        ("arn:aws:s3:::home/${aws:username}/*", "arn:aws:s3:::home/${aws:username}/x", Match.COVERS),
        ("arn:aws:s3:::a${*}", "arn:aws:s3:::abc", Match.NONE),  # IAM's escape for a bare *
        (ANONYMOUS, ANONYMOUS, Match.MAYBE),
    ],
)
def test_unknown_parts_equal_themselves_and_might_be_anything_else(
    pattern: str, asked: str, expected: Match
) -> None:
    assert match_resource(pattern, asked) is expected


@given(st.text("ab*?", max_size=6), st.text("ab", max_size=6))
def test_a_literal_is_covered_exactly_when_the_glob_matches_it(pattern: str, literal: str) -> None:
    glob = re.escape(pattern).replace(r"\*", ".*").replace(r"\?", ".")
    expected = Match.COVERS if re.fullmatch(glob, literal) else Match.NONE
    assert match_action(pattern, literal) is expected


@given(st.text("ab*?", max_size=5), st.text("ab*?", max_size=5), st.text("ab", max_size=5))
def test_what_a_pattern_covers_it_matches_and_what_it_does_not_touch_it_never_matches(
    pattern: str, asked: str, literal: str
) -> None:
    found = match_action(pattern, asked)
    if match_action(asked, literal) is Match.COVERS:
        inside = match_action(pattern, literal) is Match.COVERS
        assert inside or found is not Match.COVERS
        assert not inside or found is not Match.NONE


@given(st.text("arn:aws*?${}.x/", max_size=40), st.text("arn:aws*?${}.x/", max_size=40))
def test_no_text_is_too_odd(pattern: str, asked: str) -> None:
    assert match_resource(pattern, asked) in Match
    assert match_action(pattern, asked) in Match

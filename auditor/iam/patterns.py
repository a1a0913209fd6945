"""How an action or ARN pattern of a policy stands to what is asked for, also where parts are unknown.

A text may hold ``${…}``: a policy variable (``${aws:username}``) or the identity of a value that Terraform
knows later (``${aws_sqs_queue.jobs.arn}``). Such a part equals itself and might be anything else.
``${*}``, ``${?}`` and ``${$}`` are IAM's escapes for the bare characters.

ARNs are compared part by part: a ``*`` does not reach over a colon, except in the last part, and parts that
an incomplete ARN lacks are ``*``.
https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

ARN_PARTS = 6
ANONYMOUS = "${?unknown}"
"""Stands for a value of which nothing is known; it does not even equal itself."""
LONGEST = 600
"""Longer texts are not compared (IAM's own limit for an ARN is 2,048); the answer is MAYBE."""

_ESCAPES = {"${*}": "\ue000", "${?}": "\ue001", "${$}": "$"}
_STARS = ("*",)

Tokens = tuple[str, ...]


class Match(IntEnum):
    """What a pattern says of what is asked. In rising order of reach."""

    NONE = 0
    MAYBE = 1
    """It depends on a part that is not known."""
    PARTLY = 2
    """It covers some of what the asked pattern stands for."""
    COVERS = 3


def match_action(pattern: str, asked: str) -> Match:
    """Actions are compared without regard to case."""
    return _compare(_tokens(pattern.lower()), _tokens(asked.lower()))


def match_resource(pattern: str, asked: str) -> Match:
    """ARNs are compared with regard to case; ``asked`` may hold wildcards itself."""
    if pattern == "*":
        return Match.COVERS
    if _are_two_blocks(pattern, asked):
        return Match.NONE
    mine, theirs = _tokens(_as_arn(pattern)), _tokens(_as_arn(asked))
    if len(mine) > LONGEST or len(theirs) > LONGEST:
        return Match.MAYBE
    if not (_is_arn(mine) and (_is_arn(theirs) or theirs == _STARS)):
        return _compare(mine, theirs)
    pairs = zip(_parts(mine), _parts(theirs), strict=True)
    found = [_compare(one, other) for one, other in pairs]
    return min(found)


_BLOCK = r"\$\{((?:module\.[^.${}]+\.)*(aws_[a-z0-9_]+)\.[^.${}]+)\.arn\}(.*)"
_SERVICES = {
    "aws_dynamodb_table": "dynamodb",
    "aws_ecr_repository": "ecr",
    "aws_iam_policy": "iam",
    "aws_iam_role": "iam",
    "aws_kms_key": "kms",
    "aws_s3_bucket": "s3",
    "aws_secretsmanager_secret": "secretsmanager",
    "aws_sns_topic": "sns",
    "aws_sqs_queue": "sqs",
}
"""Terraform types of which the ARN's service is known before the ARN is."""


def _are_two_blocks(one: str, other: str) -> bool:
    """Whether the texts begin with the ARNs of two different Terraform blocks."""
    first, second = re.fullmatch(_BLOCK, one), re.fullmatch(_BLOCK, other)
    return first is not None and second is not None and first.group(1) != second.group(1)


def _as_arn(text: str) -> str:
    """A Terraform block's ARN with the parts that its type tells."""
    found = re.fullmatch(_BLOCK, text)
    service = _SERVICES.get(found.group(2)) if found else None
    if found is None or service is None:
        return text
    address, rest = found.group(1), found.group(3)
    parts = [f"${{{address}.arn#{part}}}" for part in ("partition", "region", "account", "id")]
    return f"arn:{parts[0]}:{service}:{parts[1]}:{parts[2]}:{parts[3]}{rest}"


@lru_cache(maxsize=4096)
def _tokens(text: str) -> Tokens:
    """Single characters, and each ``${…}`` as one token."""
    found: list[str] = []
    at = 0
    while at < len(text):
        end = _closing(text, at) if text.startswith("${", at) else at + 1
        token = text[at:end]
        found.append(_ESCAPES.get(token, token))
        at = end
    return tuple(found)


def _closing(text: str, start: int) -> int:
    """The end of the ``${…}`` that begins at ``start``; one character further when it is never closed."""
    depth = 0
    for at in range(start + 1, len(text)):
        if text[at] == "{":
            depth += 1
        elif text[at] == "}":
            depth -= 1
            if depth == 0:
                return at + 1
    return start + 1


def _is_arn(tokens: Tokens) -> bool:
    return tokens[:4] == ("a", "r", "n", ":")


def _parts(tokens: Tokens) -> list[Tokens]:
    """The six parts of an ARN; those that it lacks are ``*``."""
    if tokens == _STARS:
        return [tuple("arn"), *[_STARS] * (ARN_PARTS - 1)]
    parts: list[list[str]] = [[]]
    for token in tokens:
        if token == ":" and len(parts) < ARN_PARTS:
            parts.append([])
        else:
            parts[-1].append(token)
    found = [tuple(part) for part in parts]
    return found + [_STARS] * (ARN_PARTS - len(found))


@lru_cache(maxsize=16384)
def _compare(pattern: Tokens, asked: Tokens) -> Match:
    if _covers(pattern, asked):
        return Match.COVERS
    unknown = any(_is_opaque(token) for token in (*pattern, *asked))
    if not _overlap(_opened(pattern), _opened(asked)):
        return Match.NONE
    return Match.MAYBE if unknown else Match.PARTLY


def _is_opaque(token: str) -> bool:
    return len(token) > 1


def _opened(tokens: Tokens) -> Tokens:
    """Unknown parts might be anything."""
    return tuple("*" if _is_opaque(token) else token for token in tokens)


def _covers(pattern: Tokens, asked: Tokens) -> bool:
    """Whether the pattern matches everything that ``asked`` stands for.

    Wildcards of ``asked`` are taken as characters that only a ``*`` of the pattern matches.
    """
    reached = {0}
    for token in asked:
        reached = _closure(pattern, reached)
        reached = {
            at if pattern[at] == "*" else at + 1
            for at in reached
            if at < len(pattern) and _takes(pattern[at], token)
        }
        if not reached:
            return False
    return len(pattern) in _closure(pattern, reached)


def _takes(pattern: str, token: str) -> bool:
    if pattern == "*":
        return True
    if pattern == "?":
        return len(token) == 1 and token not in "*"
    return pattern == token and token not in ("*", ANONYMOUS)


def _closure(pattern: Tokens, reached: set[int]) -> set[int]:
    """Positions that are reached without reading anything, by skipping stars."""
    found = set(reached)
    for at in sorted(reached):
        while at < len(pattern) and pattern[at] == "*":
            at += 1
            found.add(at)
    return found


def _overlap(one: Tokens, other: Tokens) -> bool:
    """Whether some text matches both patterns."""
    row = [True] + [False] * len(other)
    for index, token in enumerate(other):
        row[index + 1] = row[index] and token == "*"
    for mine in one:
        fresh = [row[0] and mine == "*"]
        for index, theirs in enumerate(other):
            if mine == "*":
                fresh.append(row[index + 1] or fresh[index])
            elif theirs == "*":
                fresh.append(fresh[index] or row[index + 1])
            else:
                fresh.append(row[index] and (mine == theirs or "?" in (mine, theirs)))
        row = fresh
    return row[-1]

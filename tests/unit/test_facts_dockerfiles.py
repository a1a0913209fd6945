from __future__ import annotations

from typing import Any

import pytest

from auditor.facts.cuda import toolkit_of
from auditor.model import Target
from auditor.sources.dockerfile import instructions, is_dockerfile
from auditor.sources.texts import (
    MAX_DOCKERFILE_BYTES,
    MAX_VALUE,
    dockerfile_resource,
    oversized,
    resources_of,
)
from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.world import Surroundings, World


def seen(text: str, path: str = "worker/Dockerfile", files: tuple[str, ...] = ()) -> Any:
    resource = dockerfile_resource(path, text.encode())
    target = Target("files", "loose", ".", [resource])
    world = World(target, around=Surroundings(frozenset(files), (target,)))
    return world.fact("dockerfile", Instance("", resource, resource.body))


@pytest.mark.parametrize(
    ("text", "root"),
    [
        ("FROM python:3.12", True),
        ("FROM docker.io/library/ubuntu:24.04", True),
        ("FROM gcr.io/distroless/static", True),
        ("FROM gcr.io/distroless/static:nonroot", False),
        ("FROM mcr.microsoft.com/dotnet/aspnet:10.0-noble-chiseled", False),
        ("FROM scratch", True),
        ("FROM python:3.12\nUSER 1000", False),
        ("FROM python:3.12\nUSER root:root", True),
        ("FROM python:3.12\nUSER 0", True),
        ("FROM python:3.12\nUSER 1000\nUSER root", True),
        ("FROM python:3.12 AS base\nUSER 1000\nFROM base", False),
        ("FROM python:3.12 AS base\nUSER 1000\nFROM python:3.12\nCOPY --from=base /a /a", True),
        ("FROM python:3.12\nUSER 1000\nFROM 0", False),
    ],
)
def test_who_runs_the_image(text: str, root: bool) -> None:
    assert seen(text)["user"]["root"] is root


@pytest.mark.parametrize("text", ["FROM registry.example/base:1", "ARG BASE\nFROM ${BASE}"])
def test_the_user_of_an_unknown_base_is_unknown(text: str) -> None:
    assert isinstance(seen(text)["user"]["root"], Unknown)


@pytest.mark.parametrize(
    ("text", "image"),
    [
        ("FROM python", ("python", False, False, False)),
        ("FROM python:latest", ("python:latest", True, True, False)),
        ("FROM registry:5000/a", ("registry:5000/a", False, False, False)),
        ("FROM a@sha256:00", ("a@sha256:00", True, False, True)),
        ("ARG V=1.2\nARG B=a:${V}\nFROM $B", ("a:1.2", True, False, False)),
        ("FROM a:${V:-3}", ("a:3", True, False, False)),
    ],
)
def test_base_images_with_their_arguments_filled_in(text: str, image: tuple[object, ...]) -> None:
    (found,) = seen(text)["images"].values()
    assert (found["name"], found["tagged"], found["latest"], found["digest"]) == image


def test_an_argument_without_a_default_is_named_in_the_repair() -> None:
    (found,) = seen("ARG BASE\nFROM ${BASE}")["images"].values()
    assert "BASE" in found["name"].repair


def test_only_layers_of_the_final_chain_are_shipped() -> None:
    found = seen("FROM a AS base\nRUN one\nFROM b AS build\nRUN two\nFROM base\nRUN three")
    assert [each["value"] for each in found["shipped"] if each["instruction"] == "RUN"] == ["three", "one"]


def test_stages_that_name_each_other_end() -> None:
    assert seen("FROM a AS a\nFROM a AS a\nFROM a")["final"]["name"] == "a"


@pytest.mark.parametrize(
    ("files", "ignored"),
    [
        ((".dockerignore",), True),
        (("worker/.dockerignore",), True),
        (("worker/Dockerfile.dockerignore",), True),
        (("other/.dockerignore",), False),
        ((), False),
    ],
)
def test_a_dockerignore_counts_on_the_way_up(files: tuple[str, ...], ignored: bool) -> None:
    assert seen("FROM a:1", files=files)["ignored"] is ignored


@pytest.mark.parametrize(
    ("image", "toolkit"),
    [
        ("nvidia/cuda:12.8.1-runtime-ubuntu24.04", "12.8"),
        ("pytorch/pytorch:2.6.0-cuda12.4-cudnn9-runtime", "12.4"),
        ("rayproject/ray:2.41.0-py310-cu118", "11.8"),
        ("registry.example/worker:1.4.0", ""),
        ("registry.example/cu1234/worker", ""),
    ],
)
def test_cuda_is_told_from_the_image(image: str, toolkit: str) -> None:
    assert toolkit_of(image) == toolkit


def test_torch_is_compared_with_the_base_it_is_installed_on() -> None:
    found = seen(
        "FROM nvidia/cuda:12.8.1-base\nRUN pip install torch --index-url https://download.pytorch.org/whl/cu118"
    )
    assert (found["torch"]["cuda"], found["torch"]["base"]) == ("11.8", "12.8")


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("Dockerfile", True),
        ("a/Dockerfile.gpu", True),
        ("a/Dockerfile-gpu", True),
        ("gpu.Dockerfile", True),
        ("Dockerfile.md", False),
        ("_r_dockerfile.md", False),
        (".dockerignore", False),
        ("Dockerfile.dockerignore", False),
    ],
)
def test_dockerfiles_are_known_by_their_names(path: str, is_one: bool) -> None:
    assert is_dockerfile(path) is is_one


def test_an_instruction_may_be_set_apart_by_a_tab() -> None:
    assert [(each.name, each.value) for each in instructions(b"EXPOSE\t22\nUSER  1000\nRUN")] == [
        ("EXPOSE", "22"),
        ("USER", "1000"),
        ("RUN", ""),
    ]


def test_a_dockerfile_without_from_is_unknown() -> None:
    assert isinstance(seen("ARG A=1\n"), Unknown)


def test_long_instructions_are_judged_by_their_beginning_and_huge_files_are_a_row() -> None:
    data = b"FROM a:1\nRUN " + b"x" * MAX_DOCKERFILE_BYTES
    assert oversized("Dockerfile", data) is not None
    assert list(resources_of("Dockerfile", data, lambda _: data)) == []
    assert oversized("notes.txt", data) is None
    (found,) = resources_of("Dockerfile", data[:100_000], lambda _: data)
    assert len(found.body["stages"][0]["instructions"][1]["value"]) == MAX_VALUE

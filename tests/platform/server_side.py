"""The platform's manifests on a real API server: definitions of the deployed versions, and strict validation."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlencode

from tests.live.controlplane import crds
from tests.live.controlplane.api import APPLY, FIRST, Api, ApiError
from tests.live.controlplane.manifests import Object, read
from tests.platform import definitions

KEDA = "github.com/kedacore/keda/v2"
HOOK_DELETION = "argocd.argoproj.io/hook-delete-policy"
LOCAL_CONFIG = "config.kubernetes.io/local-config"


def load_definitions(kinds: Iterable[tuple[str, str]]) -> list[Object]:
    """The definitions of these kinds, as (group, kind); of the versions that the platform deploys.

    All of the Prometheus operator's would cost the API server 800 MiB.
    """
    wanted = set(kinds)
    found = crds.load("keda")
    for source in definitions.SOURCES:
        if source.module != KEDA:
            found += read(definitions.files(source))
    return [each for each in found if (each["spec"]["group"], each["spec"]["names"]["kind"]) in wanted]


def kinds_of(objects: Iterable[Object]) -> set[tuple[str, str]]:
    """(group, kind) of every object."""
    return {(each["apiVersion"].rpartition("/")[0], each["kind"]) for each in objects}


def apply_strictly(api: Api, objects: Iterable[Object], *, dry_run: bool = False) -> dict[str, str]:
    """Server-side apply with unknown and doubled fields refused; "Kind name" → what the server said no to."""
    refused = {}
    for each in sorted(objects, key=lambda body: body["kind"] not in FIRST):
        meta = each["metadata"]
        if meta.get("annotations", {}).get(LOCAL_CONFIG) == "true":
            continue
        query = {"fieldManager": "platform", "force": "true", "fieldValidation": "Strict"}
        if dry_run:
            query["dryRun"] = "All"
        elif "BeforeHookCreation" in meta.get("annotations", {}).get(HOOK_DELETION, ""):
            api.delete(each["apiVersion"], each["kind"], meta["name"], meta["namespace"])
        try:
            path = api.path(each["apiVersion"], each["kind"], meta["name"], meta.get("namespace", "default"))
            api.request("PATCH", f"{path}?{urlencode(query)}", each, content_type=APPLY)
        except ApiError as error:
            refused[f"{each['kind']} {meta['name']}"] = str(error)
    return refused

"""What manifests must know of an account: from Terraform's outputs into Git, and into Argo CD's cluster secret.

    terraform -chdir=platform/terraform/envs/prod output -json | python -m tools.cluster_file > \\
        platform/clusters/prod/cluster.yaml
    terraform -chdir=platform/terraform/envs/prod output -json | python -m tools.cluster_file --secret | \\
        kubectl apply -f -

The file is a ConfigMap that kustomize and Argo CD's ApplicationSets read and that is never applied
(``local-config``). Nothing in it is secret, so Git alone can be rendered and judged. The secret has the same as
annotations under Argo CD's label; it is for the cluster that Argo CD runs in, and so holds no credential.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

OUTPUT = "gitops_bridge"
HEADER = "# Written by `python -m tools.cluster_file` from `terraform output -json`; not edited by hand.\n"
LOCAL_CONFIG = "config.kubernetes.io/local-config"
IN_CLUSTER = "https://kubernetes.default.svc"


def bridge(outputs: Any) -> dict[str, Any]:
    """The output of Terraform that is meant for manifests; SystemExit when it is not there."""
    found = outputs.get(OUTPUT) if isinstance(outputs, dict) else None
    if not isinstance(found, dict) or not isinstance(found.get("value"), dict):
        raise SystemExit(
            f"there is no output {OUTPUT}: give me `terraform output -json` of an applied environment"
        )
    value: dict[str, Any] = found["value"]
    return value


def cluster_file(value: dict[str, Any]) -> str:
    """YAML of a ConfigMap ``cluster``: the labels as its own, ``{name, server, …annotations}`` as data, sorted."""
    texts = _texts(value)
    body = {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {
            "name": "cluster",
            "labels": texts["labels"],
            "annotations": {LOCAL_CONFIG: "true"},
        },
        "data": {"name": value["name"], "server": IN_CLUSTER, **texts["annotations"]},
    }
    return HEADER + _yaml(body)


def cluster_secret(value: dict[str, Any]) -> str:
    """Argo CD's cluster secret as YAML."""
    texts = _texts(value)
    labels = {"argocd.argoproj.io/secret-type": "cluster", **texts["labels"]}
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {
            "name": f"cluster-{value['name']}",
            "namespace": "argocd",
            "labels": labels,
            "annotations": texts["annotations"],
        },
        "type": "Opaque",
        "stringData": {
            "name": value["name"],
            "server": IN_CLUSTER,
            "config": json.dumps({"tlsClientConfig": {"insecure": False}}),
        },
    }
    return _yaml(secret)


def _texts(value: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {
        part: {key: str(text) for key, text in sorted(value[part].items())}
        for part in ("labels", "annotations")
    }


def _yaml(body: dict[str, Any]) -> str:
    import yaml

    text: str = yaml.safe_dump(body, sort_keys=False, width=1000)
    return text


def main() -> int:
    """Read outputs from standard input, write the file or the secret to standard output."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--secret", action="store_true", help="write Argo CD's cluster secret instead")
    asked = parser.parse_args()
    value = bridge(json.load(sys.stdin))
    sys.stdout.write(cluster_secret(value) if asked.secret else cluster_file(value))
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""How to reach an API server: the ``kubernetes`` package reads kubeconfigs, runs credential plugins and sets up TLS.

Nothing else of it is used. Its typed models cost 26 times the CPU and 9 times the memory of a projection, and refuse
whole lists for one odd field.
"""

from __future__ import annotations

import os
from typing import Any, NamedTuple, Protocol

from auditor.errors import UsageError

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount/token"


class Pool(Protocol):
    """What of ``urllib3.PoolManager`` is used."""

    def request(self, method: str, url: str, **options: Any) -> Any:
        """One HTTP request."""


class Connection(NamedTuple):
    """A server, and how to speak to it. ``headers`` are made anew for every request: tokens expire."""

    name: str
    """The context, or ``in-cluster``."""
    host: str
    pool: Pool
    configuration: Any

    def headers(self) -> dict[str, str]:
        """Authentication of one request; the package renews tokens that it knows to expire."""
        found: dict[str, str] = {}
        token = self.configuration.get_api_key_with_prefix("BearerToken", alias="authorization")
        if token:
            found["authorization"] = token
        elif self.configuration.username:
            found["authorization"] = self.configuration.get_basic_auth_token()
        return found


def connect(context: str = "", kubeconfig: str = "") -> Connection:
    """The connection for a context ('' = the current one, else the cluster this process runs in).

    UsageError where there is no such context, no kubeconfig, or a credential plugin fails.
    """
    from kubernetes import client, config  # type: ignore[import-untyped]

    configuration = client.Configuration()
    try:
        name = _load(config, configuration, context, kubeconfig)
    except config.ConfigException as error:
        raise UsageError(_unusable(context, str(error))) from error
    except Exception as error:  # a broken file, or a credential plugin that fails, in a dozen types
        raise UsageError(_unusable(context, f"{type(error).__name__}: {error}")) from error
    configuration.retries = False
    pool = client.ApiClient(configuration).rest_client.pool_manager
    return Connection(name, configuration.host.rstrip("/"), pool, configuration)


def _load(config: Any, configuration: Any, context: str, kubeconfig: str) -> str:
    """Fill the configuration; the name of what it leads to."""
    if not context and not kubeconfig and _inside_a_cluster():
        config.load_incluster_config(client_configuration=configuration)
        return "in-cluster"
    file = kubeconfig or None
    config.load_kube_config(
        config_file=file, context=context or None, client_configuration=configuration, persist_config=False
    )
    if context:
        return context
    _, current = config.list_kube_config_contexts(config_file=file)
    return str(current["name"])


def _inside_a_cluster() -> bool:
    """In a pod, unless a kubeconfig says otherwise."""
    return "KUBERNETES_SERVICE_HOST" in os.environ and "KUBECONFIG" not in os.environ


def _unusable(context: str, why: str) -> str:
    what, why = f"--cluster {context}".rstrip(), " ".join(why.split())
    return f"{what}: no connection can be made: {why}; name a context of `kubectl config get-contexts`"

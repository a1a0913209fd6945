"""OpenID Connect providers of an account, and the clusters whose tokens they stand for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from auditor.unknown import Unknown
from auditor.views.interface import Instance
from auditor.views.terraform_values import block

if TYPE_CHECKING:
    from auditor.world import World

PROVIDER = "aws_iam_openid_connect_provider"


class OidcProviders:
    """``facts.oidc``: ``{arns, issuers}`` of the account.

    ``arns`` are its providers; ``issuers`` those of the clusters at hand without ``https://``, Unknown where one
    of them is.
    """

    def __init__(self, world: World) -> None:
        providers = world.kind("terraform", PROVIDER)
        self._arns = [each.body["arn"] for each in providers if isinstance(each.body.get("arn"), str)]
        issuers = [
            block(block(each.body, "identity"), "oidc") for each in world.kind("terraform", "aws_eks_cluster")
        ]
        self._issuers: Any = [
            each["issuer"].removeprefix("https://")
            for each in issuers
            if type(each) is dict and isinstance(each.get("issuer"), str)
        ]
        if len(self._issuers) < len(issuers):
            self._issuers = Unknown("the issuer of a cluster is not known")

    def of(self, instance: Instance) -> dict[str, Any]:
        """See the class."""
        del instance
        return {"arns": self._arns, "issuers": self._issuers}

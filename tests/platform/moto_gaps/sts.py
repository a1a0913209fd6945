"""STS under enforcement: AssumeRoleWithWebIdentity carries a token and no signature; moto fails without one."""

from __future__ import annotations

from moto.core.authorization import ActionAuthenticatorMixin
from moto.sts.responses import TokenResponse

UNSIGNED = ("AssumeRoleWithWebIdentity", "AssumeRoleWithSAML")
_judge = ActionAuthenticatorMixin._authenticate_and_authorize_normal_action


def authenticate_and_authorize_normal_action(self: TokenResponse, resource: str = "*") -> None:
    """Let through what needs no credentials: they are what it is asked for."""
    if self._get_action() not in UNSIGNED:
        _judge(self, resource)


TokenResponse._authenticate_and_authorize_normal_action = authenticate_and_authorize_normal_action

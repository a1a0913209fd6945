"""base64.encode and base64.decode."""

from __future__ import annotations

import binascii
from typing import Any

from auditor.cel.errors import CelError
from auditor.cel.functions.arguments import text
from auditor.cel.values import refuse


def encode(value: Any) -> str:
    if type(value) is not bytes:
        refuse("base64.encode", value)
    return binascii.b2a_base64(value, newline=False).decode()


def decode(value: Any) -> bytes:
    """Standard alphabet; the padding may be missing."""
    encoded = text("base64.decode", value)
    try:
        return binascii.a2b_base64(
            (encoded.rstrip("=") + "=" * (-len(encoded.rstrip("=")) % 4)).encode(), strict_mode=True
        )
    except (binascii.Error, ValueError):
        raise CelError("base64.decode(): the text is not base64") from None

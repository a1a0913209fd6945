"""moto's server on loopback, with the gaps closed: ``python -m tests.platform.moto_server --port 5000``.

Set MOTO_IAM_LOAD_MANAGED_POLICIES=true, or AWS's own policies cannot be attached.
"""

from __future__ import annotations

import sys

from moto.server import main

from tests.platform.moto_gaps import close_gaps

if __name__ == "__main__":
    close_gaps()
    main(sys.argv[1:])

"""Write ``probes.json``: what sigs.k8s.io/yaml makes of every text in ``probes.txt``.

``python -m tests.gotools.probes`` after adding a probe. Probes are JSON strings, one a line.
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.gotools.gojson import GoYaml

HERE = Path(__file__).parent


def texts() -> list[str]:
    """The probe documents."""
    return [json.loads(line) for line in (HERE / "probes.txt").read_text().splitlines() if line]


def answers() -> list[dict[str, str]]:
    """Each probe with Go's JSON, or with its error."""
    made = []
    with GoYaml() as go:
        for text in texts():
            answer = go.ask(text.encode())
            said = {"error": answer.error} if answer.error else {"json": answer.json}
            made.append({"yaml": text, **said})
    return made


if __name__ == "__main__":
    lines = ",\n".join(json.dumps(row) for row in answers())
    (HERE / "probes.json").write_text(f"[\n{lines}\n]\n")

"""Write the digest of an image into an environment, and for prod the next tag; the commit is the promotion.

    python ci/promote.py dev ml-worker=sha256:…
    python ci/promote.py prod ml-worker=sha256:… auditor=sha256:…

Prints what changed, one line a file. Run in the root of this repository. Nothing but the standard library is needed.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ENVIRONMENTS = ("dev", "prod")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
IMAGE = r"( *- \{{name: REGISTRY/{name}, )(?:newTag|digest): [^,}}\s]+\}}"


def main(arguments: list[str]) -> int:
    """Promote, or say in words what is wrong and change nothing."""
    environment, *pairs = arguments or [""]
    if environment not in ENVIRONMENTS or not pairs:
        sys.exit("usage: promote.py dev|prod IMAGE=sha256:… [IMAGE=sha256:…]")
    images = dict(pair.partition("=")[::2] for pair in pairs)
    for name, digest in images.items():
        if not DIGEST.fullmatch(digest):
            sys.exit(f"{name}: {digest!r} is no digest; take it from the registry, not from a tag")
    changes = image_changes(environment, images)
    if environment == "prod":
        changes |= next_tag()
    for path, text in changes.items():
        path.write_text(text)
        print(path)
    return 0


def image_changes(environment: str, images: dict[str, str]) -> dict[Path, str]:
    """File → its text with the digests; SystemExit for an image that the environment does not run."""
    changes: dict[Path, str] = {}
    for name, digest in images.items():
        found = False
        for path in (
            Path("apps", environment, "settings", "kustomization.yaml"),
            Path("infrastructure", "configs", environment, "images", "kustomization.yaml"),
        ):
            text = changes.get(path, path.read_text())
            changed, count = re.subn(IMAGE.format(name=re.escape(name)), rf"\g<1>digest: {digest}}}", text)
            found = found or bool(count)
            if changed != text:
                changes[path] = changed
        if not found:
            sys.exit(f"{environment} runs no image {name}")
    return changes


def next_tag() -> dict[Path, str]:
    """The pin of prod one further; the tag itself is made when the change is merged."""
    paths = [Path("clusters/prod/applications/release.yaml"), Path("clusters/prod/release/platform.yaml")]
    texts = {path: path.read_text() for path in paths}
    (tag,) = {each for text in texts.values() for each in re.findall(r"[rR]evision: (prod-\d+)", text)}
    following = f"prod-{int(tag.removeprefix('prod-')) + 1}"
    return {
        path: re.sub(r"([rR]evision: )prod-\d+", rf"\g<1>{following}", text) for path, text in texts.items()
    }


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

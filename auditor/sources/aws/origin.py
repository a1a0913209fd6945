"""Where a live AWS resource is found: an account and a region instead of a file."""

from __future__ import annotations

from auditor.model import Path, Place


class AwsOrigin:
    """Origin of everything that was read in one account and region."""

    __slots__ = ("file",)

    source = "aws"
    editable = False

    def __init__(self, file: str) -> None:
        self.file = file

    def locate(self, path: Path) -> Place:
        """The account and region; AWS has no lines."""
        return Place(self.file, None, "rendered", f"in {'.'.join(map(str, path))}" if path else "")

    def excerpt(self, place: Place) -> list[tuple[int, str]]:
        """Nothing: the report shows the value found."""
        del place
        return []

    def comment(self, place: Place) -> str:
        """Nothing: AWS has no comments."""
        del place
        return ""

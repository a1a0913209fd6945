"""``python -m auditor``."""

from auditor.cli.entry import main

if __name__ == "__main__":
    raise SystemExit(main())

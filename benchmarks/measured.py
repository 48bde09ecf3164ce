"""Results that several programs add to: one section each, with the commit and the day that measured it."""

import json
from pathlib import Path
from typing import Any

from artifix.provenance import current_commit, today


def add_results(path: Path, section: str, values: dict[str, Any]) -> None:
    """Put a section into a JSON file of results, which need not exist yet, in the place of the one before."""
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results[section] = values | {"commit": current_commit(), "date": today()}
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

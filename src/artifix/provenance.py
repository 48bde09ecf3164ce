"""Which commit made a figure or a file, and when."""

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


def current_commit() -> str:
    """The short hash of the checkout that this code runs from, `+` behind it if changed since; empty if installed."""
    folder = Path(__file__).resolve().parent
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty=+", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    # An installed copy may lie below somebody else's checkout; only ours has its own source tree in it.
    ours = (folder.parent.parent / "pyproject.toml").exists()
    return done.stdout.strip() if ours and done.returncode == 0 else ""


def today() -> str:
    """The day in UTC, as 2017-10-22."""
    return datetime.now(UTC).strftime("%Y-%m-%d")


def add_results(path: Path, section: str, values: dict[str, Any]) -> None:
    """Replace a section of a JSON file of results, which need not exist, and note the commit and the day in it."""
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results[section] = values | {"commit": current_commit(), "date": today()}
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")

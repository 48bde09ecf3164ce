"""artifix calls nobody: dependencies that report their use are kept from it before they are first imported."""

import os
import sys


def stay_offline() -> None:
    """Block what would report to others from this process. Whatever is loaded or set already is left as it is.

    `import openvino` sends an event to Google Analytics by `openvino_telemetry` and writes ~/intel; without that
    package it uses an empty stand-in of its own. Ray sends statistics of use unless its variable says 0; a user's own
    value stays.
    """
    sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]  # importing it is an ImportError
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")

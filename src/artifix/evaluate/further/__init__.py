"""Metrics that are measured on request, each in a module of its own under its name, which defines `METRIC`.

The command line lists the names, so this imports none of the modules.
"""

from pkgutil import iter_modules
from typing import Final

FURTHER: Final = tuple(module.name for module in iter_modules(__path__))
"""The names of the metrics."""

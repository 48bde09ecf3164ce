"""What pixels and file tell of a picture's history: grids, earlier codings, quality."""

from artifix.inspection.report import Inspection, inspect

__all__ = ["Inspection", "inspect"]

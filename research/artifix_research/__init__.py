"""Weights and recipes that artifix's tables name and that restoring does not need; artifix finds them by name."""

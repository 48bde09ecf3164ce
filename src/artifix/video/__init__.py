"""Restore a video: decoded, restored and encoded side by side, in segments from which a later run continues."""

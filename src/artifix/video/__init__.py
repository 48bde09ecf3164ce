"""Restore a video: decoded, restored and encoded side by side, in segments that a later run goes on from."""

"""Measure: how good a restoration is, by the paper's protocol and beside its figures."""

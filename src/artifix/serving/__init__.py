"""Serve: what every server of ours has before its application, and around its socket."""

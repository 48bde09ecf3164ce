"""Show: restoring behind a web page and an HTTP API."""

"""What a server writes to standard error: lines for people, or one JSON object a line."""

import dataclasses
import json
import logging
from datetime import UTC, datetime
from typing import Any, Literal

LogFormat = Literal["off", "text", "json"]


def log_config(format: LogFormat) -> dict[str, Any]:
    """What `logging.config.dictConfig` takes; "off" leaves out the answers, but not what goes wrong."""
    formatter = {"()": JsonFormatter if format == "json" else TextFormatter}
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": formatter},
        "handlers": {"error": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {
            "uvicorn": {"handlers": ["error"], "level": "WARNING", "propagate": False},
            "artifix.access": {
                "handlers": ["error"],
                "level": "WARNING" if format == "off" else "INFO",
                "propagate": False,
            },
        },
    }


class TextFormatter(logging.Formatter):
    """`2026-11-27T03:02:32Z 127.0.0.1 POST /api/restore 200 1,204 B in, 8,120 B out, 0.512 s 6f1e…`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line, a traceback below it."""
        answered = getattr(record, "answered", None)
        if answered is None:
            return f"{_time(record)} {super().format(record)}"
        path = answered.path.encode("unicode_escape").decode()  # a client's text must not begin a line of its own
        return (
            f"{_time(record)} {answered.client} {answered.method} {path} {answered.status} {answered.received:,} B in,"
            f" {answered.sent:,} B out, {answered.seconds:.3f} s {answered.request_id}"
        )


class JsonFormatter(logging.Formatter):
    """One object a line: `time` and `level`, then an answer's fields, or a `message` and perhaps a `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        """The record as one line."""
        told: dict[str, Any] = {"time": _time(record), "level": record.levelname.lower()}
        answered = getattr(record, "answered", None)
        if answered is not None:
            told |= dataclasses.asdict(answered)
        else:
            told["message"] = record.getMessage()
            if record.exc_info:
                told["traceback"] = self.formatException(record.exc_info)
        return json.dumps(told)


def _time(record: logging.LogRecord) -> str:
    return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")

"""Logs: one line of JSON each on standard error, and never a secret in them."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any

# What stands behind these in an address opens something.
SECRET = re.compile(r"(/go/|/first-administrator/|(?:token|pin|password)=)[^\s\"'?&/<>]+")
NOT_SECRET = re.compile(r"/go/(?:agent|done|install|platform|progress|stop|terms)\b")


class JsonLine(logging.Formatter):
    """Time, level, logger and words; a traceback is part of the same line."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "text": masked(record.getMessage()),
        }
        if record.exc_info:
            line["traceback"] = masked(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)


def masked(text: str) -> str:
    """The text with every secret of an address taken out."""
    return SECRET.sub(lambda found: found[0] if NOT_SECRET.match(found[0]) else f"{found[1]}...", text)


def settings(level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`, here and in granian, which sets it up again in each of its processes."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": "cli.logs.JsonLine"}},
        "handlers": {
            "stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "muster": {"level": level.upper()},
            "_granian": {"level": "WARNING"},
        },
    }

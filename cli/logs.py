"""Logs: one line of JSON each on standard error, and never a secret in them."""

from __future__ import annotations

import json
import logging
import re
import time
from typing import Any

from services import turns

# What stands behind these in an address opens something.
SECRET = re.compile(r"(/go/|/first-administrator/|/set-password/|(?:token|pin|password)=)[^\s\"'?&/<>]+")
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


class Patient(logging.StreamHandler[Any]):
    """Whoever reads the log may be slow; only the request that writes a line waits for that."""

    def handle(self, record: logging.LogRecord) -> bool:
        with turns.given_up():
            return bool(super().handle(record))


class NoAdvice(logging.Filter):
    """Granian finds our threads too many for the processors: it cannot know that one computes at a time."""

    def filter(self, record: logging.LogRecord) -> bool:
        return "Python threads" not in record.getMessage()


def masked(text: str) -> str:
    """The text with every secret of an address taken out."""
    return SECRET.sub(lambda found: found[0] if NOT_SECRET.match(found[0]) else f"{found[1]}...", text)


def settings(level: str) -> dict[str, Any]:
    """For `logging.config.dictConfig`, here and in granian, which sets it up again in each of its processes."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "filters": {"no advice": {"()": "cli.logs.NoAdvice"}},
        "formatters": {"json": {"()": "cli.logs.JsonLine"}},
        "handlers": {
            "stderr": {"class": "cli.logs.Patient", "formatter": "json", "stream": "ext://sys.stderr"}
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            "muster": {"level": level.upper()},
            "_granian": {"level": "WARNING", "filters": ["no advice"]},
        },
    }

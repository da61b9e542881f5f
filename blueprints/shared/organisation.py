"""The organisation's settings, asked for once a request."""

from __future__ import annotations

from flask import g

from services import settings


def current() -> settings.Settings:
    """The settings as they stood when this request began to need them."""
    if "settings" not in g:
        g.settings = settings.load()
    found: settings.Settings = g.settings
    return found

"""What a browser calls itself, in words: Firefox on Windows. A guess for people to recognise, and nothing more."""

from __future__ import annotations

from flask_babel import gettext as _

from blueprints.shared.platform_of import LONGEST_LOOKED_AT, platform_of
from blueprints.shared.words import names

# In this order, because nearly all of them also say Chrome, and Chrome says Safari.
FAMILIES = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Vivaldi", "Vivaldi"),
    ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"),
    ("CriOS", "Chrome"),
    ("Chrome", "Chrome"),
    ("Chromium", "Chrome"),
    ("Safari", "Safari"),
)


def in_words(user_agent: str) -> str:
    """Firefox on Windows; Firefox; A browser on Windows; A browser that does not say what it is."""
    claimed = user_agent[:LONGEST_LOOKED_AT]
    family = next((name for mark, name in FAMILIES if mark in claimed), "")
    platform = platform_of(claimed)
    if platform is None:
        return family or _("A browser that does not say what it is")
    system = _(names.SYSTEMS[platform])
    if not family:
        return _("A browser on %(system)s", system=system)
    return _("%(browser)s on %(system)s", browser=family, system=system)

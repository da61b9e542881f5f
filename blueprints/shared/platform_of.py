"""Which kind of system a browser says that it runs on. A guess: the person may always correct it."""

from __future__ import annotations

from models import Platform

LONGEST_LOOKED_AT = 500  # characters; what matters stands at the beginning

# In this order, because Android says Linux too, and iPhones say Mac OS X. None: a system that no channel manages.
MARKS: tuple[tuple[str, Platform | None], ...] = (
    ("Windows Phone", None),
    ("Android", Platform.ANDROID),
    ("iPhone", Platform.IOS),
    ("iPad", Platform.IOS),
    ("iPod", Platform.IOS),
    ("CrOS", None),
    ("Windows", Platform.WINDOWS),
    ("Macintosh", Platform.MACOS),
    ("Mac OS X", Platform.MACOS),
    ("Linux", Platform.LINUX),
)


def platform_of(user_agent: str | None) -> Platform | None:
    """The platform that a User-Agent header claims; None if it is not one of ours.

    An iPad claims to be a Mac, letter by letter, unless the page is shown inside of an app: then the word
    Mobile gives it away.
    """
    claimed = (user_agent or "")[:LONGEST_LOOKED_AT]
    for mark, platform in MARKS:
        if mark in claimed:
            is_ipad = platform == Platform.MACOS and "Mobile/" in claimed
            return Platform.IOS if is_ipad else platform
    return None

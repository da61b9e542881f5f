"""This portal as devices know it: its address, who signs its profiles, and what these say to the person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from models import Device
from services.apple.tls_root import Root


@dataclass(frozen=True)
class Signer:
    """The web server's own certificate: phones show who signed, and whether they trust it."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Site:
    """What every profile holds of us."""

    url: str
    signer: Signer | None = None
    root: Root | None = None  # what a device shall trust beside Apple's own list


@dataclass(frozen=True)
class Words:
    """What a device shows of us, in the language of whoever reads it."""

    profile_name: str
    consent: str  # what the person agrees to with the profile
    whose: str  # on the screen of a lost phone that was given no other text


WordsFor = Callable[[Device], Words]

_open: tuple[Site, WordsFor] | None = None


def open_site(site: Site, words_for: WordsFor) -> None:
    """Said once when the application starts, since profiles and orders also go out where no page is asked for.

    `words_for`: in the language of the device's owner.
    """
    global _open
    _open = (site, words_for)


def the_site() -> Site:
    return _opened()[0]


def words_for(device: Device) -> Words:
    return _opened()[1](device)


def _opened() -> tuple[Site, WordsFor]:
    if _open is None:
        raise RuntimeError("open_site() has not been called")
    return _open

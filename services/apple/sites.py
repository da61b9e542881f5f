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


Consent = Callable[[Device], str]

_open: tuple[Site, Consent] | None = None


def open_site(site: Site, consent: Consent) -> None:
    """Said once when the application starts, since a profile also goes out where no page is asked for.

    `consent`: what its owner agreed to, in the owner's language.
    """
    global _open
    _open = (site, consent)


def the_site() -> Site:
    return _opened()[0]


def consent_of(device: Device) -> str:
    return _opened()[1](device)


def _opened() -> tuple[Site, Consent]:
    if _open is None:
        raise RuntimeError("open_site() has not been called")
    return _open

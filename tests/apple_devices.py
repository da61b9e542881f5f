"""Simulated iPhones and Macs in front of the application, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from threading import Lock
from urllib.parse import urlsplit

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Flask

from models import Device, Platform, Registration, User, Way
from services import enrolment_tokens, registrations
from services.apple import profiles
from services.apple.sites import Site, Words
from simulation.apple_device import AppleDevice, Response

SERVER = "http://localhost"
_keys: dict[int, rsa.RSAPrivateKey] = {}
_one_at_a_time = Lock()


def key(number: int) -> rsa.RSAPrivateKey:
    """A pool: making one takes a while. Threads that ask for the same number at once get the same."""
    with _one_at_a_time:
        if number not in _keys:
            _keys[number] = rsa.generate_private_key(65537, 2048)
        return _keys[number]


def transport(app: Flask):
    """Requests go straight into the application."""
    client = app.test_client(use_cookies=False)

    def send(method: str, address: str, headers: Mapping[str, str], body: bytes) -> Response:
        parts = urlsplit(address)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        answer = client.open(path, method=method, headers=dict(headers), data=body)
        assert "Set-Cookie" not in answer.headers
        return Response(answer.status_code, answer.data)

    return send


def verified(owner: User, platform: str = Platform.IOS) -> tuple[Device, str]:
    """A device whose owner accepted the terms, and its enrolment token."""
    issued = registrations.start(owner, platform, Way.QR, by=owner)
    registration = Registration.get_by_id(issued.registration.id)
    return issued.device, enrolment_tokens.accept(registration, registration.issued_at)


def profile_of(device: Device, token: str) -> bytes:
    words = Words("Device management", "We look after it.", "It is ours.")
    return profiles.enrolment_profile(device, token, Site(SERVER), words)


def make(app: Flask, number: int = 0, **known: object) -> AppleDevice:
    """`number` is that of its first key in the pool; each further try to install takes another."""
    further = count(number + 10, 10)
    known = {"make_key": lambda: key(next(further)), **known}
    return AppleDevice(transport(app), key(number), **known)  # type: ignore[arg-type]


def join(
    app: Flask, owner: User, number: int = 0, platform: str = Platform.IOS, **known: object
) -> tuple[Device, AppleDevice]:
    """An Active device, and the hardware behind it."""
    device, token = verified(owner, platform)
    if platform == Platform.MACOS:
        known = {"product": "MacBookPro18,3", "os_version": "15.1", **known}
    hardware = make(app, number, **known)
    hardware.install(profile_of(device, token))
    return Device.get_by_id(device.id), hardware

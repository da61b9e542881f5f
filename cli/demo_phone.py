"""The demo's iPhone: a simulation in a process of its own, which joins for Alice and obeys."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from cli.processes import die_with
from models import Device, Platform, Registration, Way
from services import enrolment_tokens, registrations, users
from services.apple import profiles
from services.apple.sites import Site, Words
from services.refused import Refused
from simulation.apple_device import AppleDevice
from simulation.apple_scep import Refused as NotGranted
from simulation.apple_transport import Failed, Response

FILE_NAME = "demo-phone.json"
NAME = "Simulated iPhone"
WORDS = Words("The demo: device management", "A simulated iPhone of the demo.", "A simulated iPhone.")
PAUSE = 3.0  # seconds between two visits: nobody can push to a simulation
TROUBLES = (Failed, NotGranted, OSError, http.client.HTTPException)
KEPT = ("udid", "serial", "imei", "push_magic", "enrolment_profile", "has_passcode")
KEPT_AS_BYTES = ("certificate", "push_token", "unlock_token")


def prepare(folder: Path, url: str) -> bytes | None:
    """An enrolment profile for Alice's phone; None when it has one already, or may not have any."""
    alice = users.find("alice")
    if (folder / FILE_NAME).exists() or alice is None:
        return None
    try:
        issued = registrations.start(alice, Platform.IOS, Way.QR, by=alice)
    except Refused:
        return None
    registration = Registration.get_by_id(issued.registration.id)
    token = enrolment_tokens.accept(registration, registration.issued_at)
    named = {"name": NAME, "name_search": NAME.casefold()}
    Device.update(**named).where(Device.id == issued.device.id).execute()
    return profiles.enrolment_profile(issued.device, token, Site(url), WORDS)


def start(folder: Path, profile: bytes | None) -> None:
    """Begins with an interpreter of its own, and ends with the demo."""
    context = multiprocessing.get_context("spawn")
    context.Process(target=run, args=(os.getpid(), folder, profile), name="phone", daemon=True).start()


def run(parent: int, folder: Path, profile: bytes | None) -> None:
    """Join once, then come by again and again, until the device has left. What goes wrong is tried again."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    die_with(parent)
    path = folder / FILE_NAME
    try:
        phone = _joined(profile) if profile else _read(path)
    except (*TROUBLES, ValueError):
        return
    while phone.is_enrolled:
        _write(path, phone)
        time.sleep(PAUSE)
        try:
            phone.connect()
        except TROUBLES:
            continue
    path.unlink(missing_ok=True)


def _joined(profile: bytes) -> AppleDevice:
    phone = AppleDevice(_send, name=NAME)
    phone.install(profile)
    return phone


def _send(method: str, address: str, headers: Mapping[str, str], body: bytes) -> Response:
    request = urllib.request.Request(address, body or None, dict(headers), method=method)  # noqa: S310 - our own server
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return Response(answer.status, answer.read())
    except urllib.error.HTTPError as error:
        return Response(error.code, error.read())


def _read(path: Path) -> AppleDevice:
    kept = json.loads(path.read_text("utf-8"))
    key = load_pem_private_key(kept["key"].encode(), None)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("not the key of a phone")
    phone = AppleDevice(_send, key, name=NAME, has_tried=True, is_enrolled=True)
    for name in KEPT:
        setattr(phone, name, kept[name])
    for name in KEPT_AS_BYTES:
        setattr(phone, name, bytes.fromhex(kept[name]))
    phone.management = kept["management"]
    return phone


def _write(path: Path, phone: AppleDevice) -> None:
    """For its owner alone: with the key somebody else could play the phone."""
    key = phone.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    kept = {name: getattr(phone, name) for name in KEPT}
    kept |= {name: getattr(phone, name).hex() for name in KEPT_AS_BYTES}
    draft = path.with_suffix(".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(
        os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
    ) as file:
        json.dump(kept | {"key": key, "management": phone.management}, file)
    draft.replace(path)

"""SCEP clients that other people wrote, against the portal as it is served: scepclient and certmonger."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes

from models import Device, Platform, Registration, Role, Status, Way
from services import database, device_authority, enrolment_tokens, registrations, users
from tests.conftest import open_folder
from tests.mdm.apple.test_scep_clients import HAS_CERTMONGER, LONGEST, certmonger, scepclient
from tests.servers import Server, running

pytestmark = [pytest.mark.slow, pytest.mark.timeout(2 * LONGEST)]


class Portal:
    """What the clients need to know of it."""

    def __init__(self, server: Server) -> None:
        self.url = f"{server.url}/apple/scep"

    @property
    def authority(self):
        return device_authority.load()


@pytest.fixture
def portal(tmp_path: Path) -> Iterator[Portal]:
    with running("serve", tmp_path / "data") as server:
        open_folder(tmp_path / "data")
        database.connect()
        yield Portal(server)
        database.close()


def a_token() -> tuple[Device, str]:
    roles = {Role.USER_PORTAL, Role.REGISTER}
    alice = users.create("alice", "Alice Moreno", "alice@harbour.example", None, roles, by=None)
    issued = registrations.start(alice, Platform.IOS, Way.QR, by=alice)
    registration = Registration.get_by_id(issued.registration.id)
    return issued.device, enrolment_tokens.accept(registration, registration.issued_at)


def assert_joined(device: Device, folder: Path) -> None:
    certificate = x509.load_pem_x509_certificate((folder / "certificate.pem").read_bytes())
    row = Device.get_by_id(device.id)
    assert row.status == Status.ENROLLING
    assert row.credential_hash == certificate.fingerprint(hashes.SHA256()).hex()
    assert device.code in certificate.subject.rfc4514_string()


@pytest.mark.skipif(not shutil.which("scepclient"), reason="Debian's package scep is not installed")
def test_scepclient(portal: Portal, tmp_path: Path) -> None:
    device, token = a_token()
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.mkdir()
    wrong.mkdir()
    refused = scepclient(wrong, portal, "guess")
    assert refused.returncode == 1
    assert "badRequest" in refused.stdout + refused.stderr
    assert Device.get_by_id(device.id).status == Status.VERIFIED
    assert scepclient(right, portal, token).returncode == 0
    assert_joined(device, right)


@pytest.mark.skipif(
    not HAS_CERTMONGER, reason="Debian's packages certmonger and dbus-daemon are not installed"
)
def test_certmonger(portal: Portal, tmp_path: Path) -> None:
    device, token = a_token()
    right, wrong = tmp_path / "right", tmp_path / "wrong"
    right.mkdir()
    wrong.mkdir()
    assert "status: CA_REJECTED" in certmonger(wrong, portal, "guess")
    assert "status: MONITORING" in certmonger(right, portal, token)
    assert_joined(device, right)

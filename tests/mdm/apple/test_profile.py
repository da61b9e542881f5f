"""The enrolment profile: what is in it, and that its signature holds."""

from __future__ import annotations

import dataclasses
import plistlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from mdm.apple import profile
from mdm.apple.authority import Authority
from mdm.apple.profile import AccessRight, Enrolment

from .conftest import NOW

OpenSsl = Callable[..., bytes]
ENROLMENT = Enrolment(
    identifier="org.example.muster.enrolment",
    name="Example device management",
    organisation="Example",
    description="Lets Example find and lock this device.",
    topic="com.apple.mgmt.External.6b1b1e5c-0000-4000-8000-000000000000",
    server_url="https://example.org/apple/connect",
    check_in_url="https://example.org/apple/check-in",
    scep_url="https://example.org/apple/scep",
    scep_name="example",
    challenge="s3cret",
    subject="phone-1",
)


def payloads(**changes: Any) -> tuple[dict[str, Any], dict[str, dict[str, Any]]]:
    whole = plistlib.loads(profile.encode(dataclasses.replace(ENROLMENT, **changes)))
    return whole, {each["PayloadType"]: each for each in whole["PayloadContent"]}


def test_the_payloads() -> None:
    whole, found = payloads()
    assert set(found) == {"com.apple.security.scep", "com.apple.mdm"}
    management, scep = found["com.apple.mdm"], found["com.apple.security.scep"]
    assert management["IdentityCertificateUUID"] == scep["PayloadUUID"]
    assert management["SignMessage"] is management["CheckOutWhenRemoved"] is True
    assert management["AccessRights"] == 1343
    assert (
        management["ServerURL"] == ENROLMENT.server_url and management["CheckInURL"] == ENROLMENT.check_in_url
    )
    assert scep["PayloadContent"]["Challenge"] == "s3cret"
    assert scep["PayloadContent"]["Subject"] == [[["O", "Example"]], [["CN", "phone-1"]]]
    assert (scep["PayloadContent"]["Keysize"], scep["PayloadContent"]["Key Usage"]) == (2048, 5)
    assert whole["PayloadType"] == "Configuration" and whole["PayloadIdentifier"] == ENROLMENT.identifier
    assert "ConsentText" not in whole


def test_every_payload_has_what_every_payload_needs() -> None:
    whole, found = payloads(root=b"certificate")
    identifiers = set()
    for each in (whole, *found.values()):
        assert each["PayloadVersion"] == 1
        identifiers |= {each["PayloadIdentifier"], each["PayloadUUID"]}
    assert len(identifiers) == 8


def test_a_mac_takes_it_whatever_was_registered() -> None:
    whole, found = payloads()
    assert found["com.apple.mdm"]["ServerCapabilities"] == [
        "com.apple.mdm.per-user-connections",
        "com.apple.mdm.bootstraptoken",
    ]
    assert whole["PayloadScope"] == "System" and "TargetDeviceType" not in whole


def test_what_joined_without_a_user_channel_stays_without() -> None:
    _, found = payloads(has_user_channel=False)
    assert found["com.apple.mdm"]["ServerCapabilities"] == ["com.apple.mdm.bootstraptoken"]


def test_the_next_profile_of_a_device_updates_every_payload_and_that_of_another_none() -> None:
    def identities(**changes: Any) -> set[str]:
        whole, found = payloads(**changes)
        return {each["PayloadUUID"] for each in (whole, *found.values())}

    first = identities(root=b"certificate")
    assert identities(root=b"another", challenge="new", name="New", organisation="New") == first
    assert not identities(root=b"certificate", subject="phone-2") & first


def test_consent_and_root(authority: Authority) -> None:
    consent = {"default": "I agree.", "de": "Ich stimme zu."}
    whole, found = payloads(consent=consent, root=authority.certificate)
    assert whole["ConsentText"] == consent
    assert found["com.apple.security.root"]["PayloadContent"] == authority.certificate


def test_no_right_is_asked_for_that_needs_another() -> None:
    rights = profile.LEAST_RIGHTS
    assert AccessRight.LIST_PROFILES in rights and AccessRight.INSTALL_PROFILES in rights
    assert AccessRight.SETTINGS not in rights and AccessRight.MANAGE_APPLICATIONS not in rights


def test_the_challenge_stays_out_of_logs() -> None:
    assert "s3cret" not in repr(ENROLMENT)


@pytest.mark.parametrize("program", ["cms", "smime"])
@pytest.mark.parametrize("holder", ["phone", "mac"])
def test_openssl_accepts_the_signature(
    holder: str,
    program: str,
    phone_key: rsa.RSAPrivateKey,
    identity: bytes,
    mac_key: ec.EllipticCurvePrivateKey,
    mac_identity: bytes,
    authority: Authority,
    tmp_path: Path,
    openssl: OpenSsl,
) -> None:
    """RSA and elliptic curve keys, with a chain, as a web server has them; line ends stay as they are."""
    content = profile.encode(ENROLMENT).replace(b"\n", b"\r\n", 3)
    key = phone_key if holder == "phone" else mac_key
    certificate = x509.load_der_x509_certificate(identity if holder == "phone" else mac_identity)
    signed = profile.sign(content, key, certificate, [authority.parsed])
    root = tmp_path / "root.pem"
    root.write_bytes(authority.parsed.public_bytes(Encoding.PEM))
    options = ("-verify", "-inform", "DER", "-CAfile", root, "-purpose", "any", "-attime", NOW)
    assert openssl(program, *options, given=signed) == content

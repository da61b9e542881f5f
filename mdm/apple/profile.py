"""The profile that makes a device ours (apple/device-management: TopLevel, com.apple.mdm,
com.apple.security.scep).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntFlag
from typing import Any

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7Options, PKCS7SignatureBuilder

from mdm.apple import plists
from mdm.apple.errors import Malformed

CONTENT_TYPE = "application/x-apple-aspen-config"
FILE_NAME = "enrolment.mobileconfig"

DEVICE_KEY_BITS = 2048
_SIGN_AND_ENCRYPT = 5

# All UUIDs of our profiles are made from this one, so it never changes.
_NAMESPACE = uuid.UUID("4bd2a94c-79d9-4519-a8e6-0bab9e43ae89")


class AccessRight(IntFlag):
    """What the profile asks the person to allow (com.apple.mdm.yaml, AccessRights). None may be added later."""

    LIST_PROFILES = 1
    INSTALL_PROFILES = 2
    LOCK_AND_CLEAR_PASSCODE = 4
    ERASE = 8
    DEVICE_INFORMATION = 16
    NETWORK_INFORMATION = 32
    LIST_PROVISIONING_PROFILES = 64
    INSTALL_PROVISIONING_PROFILES = 128
    LIST_APPLICATIONS = 256
    RESTRICTIONS = 512
    SECURITY_INFORMATION = 1024
    SETTINGS = 2048
    MANAGE_APPLICATIONS = 4096


LEAST_RIGHTS = (
    AccessRight.LIST_PROFILES
    | AccessRight.INSTALL_PROFILES
    | AccessRight.LOCK_AND_CLEAR_PASSCODE
    | AccessRight.ERASE
    | AccessRight.DEVICE_INFORMATION
    | AccessRight.NETWORK_INFORMATION
    | AccessRight.LIST_APPLICATIONS
    | AccessRight.SECURITY_INFORMATION
)
"""1343: what the commands of `commands` need, and nothing else."""

USER_CHANNEL = "com.apple.mdm.per-user-connections"
"""The capability that a Mac asks for. A later profile may neither add nor remove it."""
BOOTSTRAP_TOKEN = "com.apple.mdm.bootstraptoken"
"""The one that has a Mac's bootstrap token sent to us."""


@dataclass(frozen=True)
class Enrolment:
    """What goes into one device's enrolment profile.

    `identifier` is reverse DNS and never changes, since RemoveProfile goes by it. `topic` is the push
    certificate's; without one, any that starts like it lets a device enrol, but no push will ever reach that
    device: it has to be enrolled again. Addresses are https; they, the topic and `has_user_channel` can
    never be changed on a device, and a Mac takes no first profile without it. `subject` tells one device's profile from
    another's; in the certificate it is only a wish: the authority writes its own. `consent` is by language
    (BCP 47), "default" for all others, and has to be agreed to. `root` is a certificate (DER) that the
    device shall trust.
    """

    identifier: str
    name: str
    organisation: str
    description: str
    topic: str
    server_url: str
    check_in_url: str
    scep_url: str
    scep_name: str
    challenge: str = field(repr=False)
    subject: str
    consent: Mapping[str, str] = field(default_factory=dict)
    root: bytes | None = None
    has_user_channel: bool = True


def encode(enrolment: Enrolment) -> bytes:
    """The profile as an XML property list, not signed.

    It is one for iPhone, iPad and Mac, because only the device itself knows what it is: so it names no
    TargetDeviceType, and has what a Mac needs. An iPhone passes over PayloadScope.
    """
    payloads = [_scep(enrolment), _management(enrolment)]
    if enrolment.root is not None:
        payloads.insert(0, _root(enrolment, enrolment.root))
    profile: dict[str, Any] = {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": enrolment.identifier,
        "PayloadUUID": _uuid(enrolment, "profile"),
        "PayloadDisplayName": enrolment.name,
        "PayloadOrganization": enrolment.organisation,
        "PayloadDescription": enrolment.description,
        "PayloadContent": payloads,
        "PayloadScope": "System",
    }
    if enrolment.consent:
        profile["ConsentText"] = dict(enrolment.consent)
    return plists.write(profile)


def sign(
    profile: bytes,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    chain: Sequence[x509.Certificate] = (),
) -> bytes:
    """The profile inside a CMS signature (DER). A phone says "Verified" if the chain ends at a root that it trusts.

    So sign with the web server's key and certificate. Raises Malformed if the key cannot sign.
    """
    try:
        builder = PKCS7SignatureBuilder().set_data(profile).add_signer(certificate, key, hashes.SHA256())
        for each in chain:
            builder = builder.add_certificate(each)
        # Without Binary it would be rewritten with the line ends of mail.
        return builder.sign(Encoding.DER, [PKCS7Options.Binary])
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise Malformed("unsupported", "key") from None


def _scep(enrolment: Enrolment) -> dict[str, Any]:
    return {
        **_payload(enrolment, "com.apple.security.scep", "scep"),
        "PayloadContent": {
            "URL": enrolment.scep_url,
            "Name": enrolment.scep_name,
            "Subject": [[["O", enrolment.organisation]], [["CN", enrolment.subject]]],
            "Challenge": enrolment.challenge,
            "Keysize": DEVICE_KEY_BITS,
            "Key Type": "RSA",
            "Key Usage": _SIGN_AND_ENCRYPT,
            "KeyIsExtractable": False,
        },
    }


def _management(enrolment: Enrolment) -> dict[str, Any]:
    for_users = [USER_CHANNEL] if enrolment.has_user_channel else []
    return {
        **_payload(enrolment, "com.apple.mdm", "mdm"),
        "IdentityCertificateUUID": _uuid(enrolment, "scep"),
        "Topic": enrolment.topic,
        "ServerURL": enrolment.server_url,
        "CheckInURL": enrolment.check_in_url,
        "SignMessage": True,
        "CheckOutWhenRemoved": True,
        "AccessRights": int(LEAST_RIGHTS),
        "ServerCapabilities": [*for_users, BOOTSTRAP_TOKEN],
    }


def _root(enrolment: Enrolment, certificate: bytes) -> dict[str, Any]:
    return {
        **_payload(enrolment, "com.apple.security.root", "root"),
        "PayloadContent": certificate,
        "PayloadCertificateFileName": "root.cer",
    }


def _payload(enrolment: Enrolment, kind: str, part: str) -> dict[str, Any]:
    return {
        "PayloadType": kind,
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{enrolment.identifier}.{part}",
        "PayloadUUID": _uuid(enrolment, part),
        "PayloadDisplayName": enrolment.name,
        "PayloadOrganization": enrolment.organisation,
    }


def _uuid(enrolment: Enrolment, part: str) -> str:
    """Always the same for a part of a device's profile: whatever has the identifier and UUID of what is installed
    updates it (CommonPayloadKeys).
    """
    return str(uuid.uuid5(_NAMESPACE, f"{enrolment.identifier} {enrolment.subject} {part}")).upper()

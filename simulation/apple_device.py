"""Simulation of an iPhone, iPad or Mac under management, written from Apple's schema
(github.com/apple/device-management).

It enrols by SCEP, signs what it sends and answers the commands that the portal knows. It has no network of
its own: a transport is passed in, so that it speaks over HTTP or straight to a function. It is no evidence of
what a real device does.
"""

from __future__ import annotations

import plistlib
import secrets
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa

from simulation import apple_answers, apple_profile
from simulation.apple_scep import Refused, fetch
from simulation.apple_signing import Style, mdm_signature
from simulation.apple_transport import Failed, Response, Transport, expect

CHECK_IN_TYPE = "application/x-apple-aspen-mdm-checkin"
COMMAND_TYPE = "application/x-apple-aspen-mdm; charset=UTF-8"
UNRECOGNISED = "com.apple.unrecognized.device"


def _new_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@dataclass
class AppleDevice:
    """One device. It has a new key for each try to install a profile, as real ones do; the first may be passed in,
    because making one takes a while. `replies` are answers to give in place of success, by request type, one after
    the other: "NotNow", "Error" or "CommandFormatError". `results` are keys to give in place of its own in a
    successful one, by request type.
    """

    transport: Transport = field(repr=False)
    key: rsa.RSAPrivateKey = field(default_factory=_new_key, repr=False)
    make_key: Callable[[], rsa.RSAPrivateKey] = field(default=_new_key, repr=False)
    udid: str = field(default_factory=lambda: f"00008120-{secrets.token_hex(8).upper()}")
    serial: str = field(default_factory=lambda: secrets.token_hex(5).upper())
    product: str = "iPhone15,2"
    os_version: str = "18.5"
    name: str = "Alice's iPhone"
    imei: str = "35 699106 123456 7"
    phone_number: str = "491701234567"
    more_sims: list[dict[str, Any]] = field(default_factory=list)
    """What it says of further SIMs, in Apple's words."""
    is_supervised: bool = False
    has_passcode: bool = True
    erases_gently: bool = True
    """Of a Mac: Erase All Content and Settings is possible."""
    style: Style = Style.APPLE
    cipher: str = "aes256_cbc"
    replies: dict[str, list[str]] = field(default_factory=dict)
    results: dict[str, dict[str, Any]] = field(default_factory=dict)

    done: list[str] = field(default_factory=list)
    """Request types of the commands carried out."""
    has_tried: bool = False
    """Its key belongs to a try that was made."""
    is_enrolled: bool = False
    is_erased: bool = False
    is_locked: bool = False
    is_in_lost_mode: bool = False
    profiles: dict[str, bytes] = field(default_factory=dict, repr=False)
    push_token: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    push_magic: str = field(default_factory=lambda: str(uuid.uuid4()).upper(), repr=False)
    unlock_token: bytes = field(default_factory=lambda: secrets.token_bytes(1_500), repr=False)
    certificate: bytes = field(default=b"", repr=False)
    management: dict[str, Any] = field(default_factory=dict, repr=False)
    identity: dict[str, Any] = field(default_factory=dict, repr=False)
    """Of the profile, how it gets its certificate."""
    enrolment_profile: str = ""

    @property
    def is_mac(self) -> bool:
        return self.product.startswith(("Mac", "iMac"))

    def install(self, profile: bytes) -> None:
        """What happens after the person taps Install: SCEP, Authenticate, TokenUpdate. Raises Failed."""
        self.receive(profile)
        self.authenticate()
        self.update_token()
        self.is_enrolled = True

    def receive(self, profile: bytes) -> None:
        """The first half of it: read the profile, signed or not, make a key, and get the certificate."""
        self.enrolment_profile, self.management, self.identity = apple_profile.read(profile, self.is_mac)
        if self.has_tried:
            self.key = self.make_key()
        self.has_tried = True
        self.fetch_certificate()

    def fetch_certificate(self) -> None:
        """By SCEP. When the answer was lost it asks once more by itself, with the key of the same try."""
        self.certificate = fetch(self.transport, self.identity, self.key, self.udid, self.cipher)

    def renew(self, profile: bytes) -> bool:
        """Its own profile came again, as an order: a new key, a certificate for it, and both messages once more."""
        before = (self.key, self.certificate, self.management)
        try:
            self.receive(profile)
            if not apple_profile.may_replace(self.management, before[2]):
                raise Failed("the profile changes what nobody may change")
        except (Failed, Refused):
            self.key, self.certificate, self.management = before
            return False
        self.authenticate()
        self.update_token()
        return True

    def authenticate(self) -> None:
        facts: dict[str, Any] = {"OSVersion": self.os_version, "BuildVersion": "22F76"}
        facts |= {"ProductName": self.product, "SerialNumber": self.serial}
        facts |= (
            {"DeviceName": self.name, "Model": "Z1", "ModelName": "MacBook Pro"}
            if self.is_mac
            else {"IMEI": self.imei}
        )
        expect(self.check_in("Authenticate", **facts))

    def update_token(self) -> None:
        keys: dict[str, Any] = {"Token": self.push_token, "PushMagic": self.push_magic}
        if not self.is_mac:
            keys["UnlockToken"] = self.unlock_token
        expect(self.check_in("TokenUpdate", **keys, AwaitingConfiguration=False))

    def leave(self) -> Response:
        """The person removes the profile."""
        self.is_enrolled = False
        return self.check_in("CheckOut")

    def check_in(self, message_type: str, **keys: Any) -> Response:
        """Any message to CheckInURL."""
        body = {"MessageType": message_type, "UDID": self.udid, "Topic": self.management["Topic"], **keys}
        return self._send(self.management["CheckInURL"], CHECK_IN_TYPE, body)

    def report(self, status: str, **keys: Any) -> Response:
        """Any message to ServerURL."""
        return self._send(
            self.management["ServerURL"], COMMAND_TYPE, {"UDID": self.udid, "Status": status, **keys}
        )

    def connect(self) -> list[str]:
        """What a push makes it do: say Idle, carry out commands until there are none. The request types, in
        order.
        """
        handled: list[str] = []
        response = self.report("Idle")
        while response.status == 200 and response.body and len(handled) < 100:
            message = plistlib.loads(response.body)
            request = message["Command"]["RequestType"]
            handled.append(request)
            reply = apple_answers.carry_out(self, message["Command"])
            response = self.report(reply.pop("Status"), CommandUUID=message["CommandUUID"], **reply)
            if self.is_erased:
                break
            if (
                request == "RemoveProfile"
                and self.enrolment_profile not in self.profiles
                and not self.is_enrolled
            ):
                self.leave()
                break
        self._obey(response)
        return handled

    def signed(self, body: bytes) -> dict[str, str]:
        """The header that proves who sent a body, if the profile asks for it."""
        if not self.management.get("SignMessage"):
            return {}
        return {"Mdm-Signature": mdm_signature(body, self.key, self.certificate, self.style)}

    def _send(self, address: str, content_type: str, message: Mapping[str, Any]) -> Response:
        body = plistlib.dumps(dict(message), sort_keys=False)
        headers = {"Content-Type": content_type, "User-Agent": "MDM/1.0", **self.signed(body)}
        return self.transport("PUT", address, headers, body)

    def _obey(self, response: Response) -> None:
        """The two answers that make a device remove our profile."""
        reason = plistlib.loads(response.body).get("code") if response.status == 403 and response.body else ""
        if response.status == 401 or reason == UNRECOGNISED:
            self.is_enrolled = False

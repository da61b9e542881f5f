"""Damage: takes what simulated devices send, breaks it in many ways, and sees that `mdm.apple` says so and
nothing worse.

`fuzz(n)` runs as many inputs as a test or a measurement has time for; the same seed breaks the same bytes.
"""

from __future__ import annotations

import base64
import contextlib
import gc
import plistlib
import random
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.utils import CryptographyDeprecationWarning

from mdm.apple import authority as authorities
from mdm.apple import certificates, check_in, facts, inventories, plists, push, reports, scep, signed_data
from mdm.apple.certificate_requests import read_request
from mdm.apple.envelopes import unseal
from mdm.apple.errors import Malformed
from simulation.accidents import damaged, same_bytes_often
from simulation.apple_scep import CIPHERS, Client, seal
from simulation.apple_signing import Style, mdm_signature

NOW = 1_800_000_000
SLOW = 0.1
"""Seconds of CPU time that no input may take."""

RARE = 0.02
"""The share of inputs that are large, and take as long as hundreds of others."""

Input = tuple[str, bytes]

_LISTS = ("InstalledApplicationList", "ProfileList", "CertificateList")
_SHORT = [{"Name": "A"}] * 8_600
_SAME = [{"Name": "\u202aA" * 250_000}] * 5_000  # a binary list writes it once
_MANY = [{"Name": "A", "CommonName": "A", "Data": b"a", "PayloadContent": [{"PayloadType": "a"}]}] * 1_600


@dataclass
class Outcome:
    """What came of it. `surprises` are exceptions that were not declared, `slowest` is seconds of CPU
    time.
    """

    inputs: int = 0
    accepted: int = 0
    slowest: float = 0.0
    slow: list[Input] = field(default_factory=list)
    surprises: list[tuple[str, bytes, str]] = field(default_factory=list)


class Targets:
    """The readers, some bytes that each of them accepts, and some that none may: `good`, `large`, `bad`."""

    def __init__(self) -> None:
        self.authority = authorities.new_authority("Example", NOW, bits=2048)
        key = rsa.generate_private_key(65537, 2048)
        clients = [Client(key, "phone", cipher) for cipher in CIPHERS]
        request = clients[0].certificate_request("s3cret")
        self.identity = authorities.issue(read_request(request), self.authority, "phone", "Example", NOW)
        self.body = plistlib.dumps({"UDID": "A-1", "Status": "Idle"})
        sealed = [seal(request, self.authority.certificate, cipher) for cipher in CIPHERS]
        signatures = [mdm_signature(self.body, key, self.identity, style) for style in Style]
        answer: dict[str, object] = {
            "QueryResponses": {"ProductName": "iPhone15,2", "ServiceSubscriptions": [{"IMEI": "1"}]}
        }
        answer |= {"SecurityInfo": {"FDE_Enabled": True}, "ProfileList": [{"PayloadContent": [{"a": 1}]}]}
        answer |= {"Latitude": 52.5, "Longitude": 13.4, "Timestamp": "2026-01-31T12:00:00Z"}
        answer |= {
            "InstalledApplicationList": [{"Name": "Notes", "BundleSize": 9}],
            "MessageResult": "Success",
        }
        answer |= {"CertificateList": [{"CommonName": "phone", "Data": self.identity}]}
        results = {
            "UDID": "A-1",
            "Status": "Error",
            "CommandUUID": "c",
            "ErrorChain": [{"ErrorCode": 1}],
            **answer,
        }
        token = {
            "MessageType": "TokenUpdate",
            "UDID": "A-1",
            "Topic": "t",
            "Token": b"a" * 32,
            "PushMagic": "m",
        }
        forms = (plistlib.FMT_XML, plistlib.FMT_BINARY)
        lists = [plistlib.dumps(each, fmt=form) for each in (results, token) for form in forms]
        self.readers: dict[str, Callable[[bytes], object]] = {
            "plist": self._plist,
            "any": reports.decode_any,
            "signature": lambda data: signed_data.verify_detached(base64.b64encode(data).decode(), self.body),
            "header": lambda data: signed_data.verify_detached(data.decode("latin-1"), self.body),
            "request": read_request,
            "scep": lambda data: scep.decode(data, self.authority),
            "parameter": lambda data: scep.decode_parameter(data.decode("latin-1")),
            "envelope": lambda data: unseal(data, self.authority.key, self.authority.certificate),
            "certificate": lambda data: certificates.check(data, self.authority.certificate, NOW),
            "push": push.read_certificate,
            "outcome": lambda data: push.outcome(400, data),
        }
        self.good: list[Input] = [
            *((name, each) for name in ("plist", "any") for each in [*lists, self.body]),
            *(("signature", base64.b64decode(each)) for each in signatures),
            ("header", signatures[0].encode()),
            ("request", request),
            *(("scep", client.message(each)) for client, each in zip(clients, sealed, strict=True)),
            ("parameter", base64.b64encode(request)),
            *(("envelope", each) for each in sealed),
            ("certificate", self.identity),
            ("outcome", b'{"reason":"BadDeviceToken"}'),
        ]

        self.large: list[Input] = [
            ("plist", plistlib.dumps(results | {name: _MANY}, fmt=form)) for name in _LISTS for form in forms
        ]
        self.large += [
            ("plist", plistlib.dumps(results | {_LISTS[0]: each}, fmt=plistlib.FMT_BINARY))
            for each in (_SHORT, _SAME)
        ]
        self.bad: list[Input] = [
            *(("plist", same_bytes_often(references=each)) for each in (300, 15_000)),
            ("push", self.identity),  # a phone's certificate is none for pushes
        ]

    def _plist(self, data: bytes) -> object:
        document = plists.read(data)
        if "MessageType" in document:
            message = check_in.from_document(document)
            return facts.from_authenticate(message) if isinstance(message, check_in.Authenticate) else message
        report = reports.from_document(document)
        for read in (
            facts.from_device_information,
            inventories.security,
            inventories.applications,
            inventories.profiles,
            inventories.certificates,
            inventories.location,
            inventories.lock_message,
        ):
            try:
                read(report)
            except Malformed:
                continue
        return report


def fuzz(n: int, seed: int = 1, targets: Targets | None = None) -> Outcome:
    """Break `n` inputs and read them."""
    # The same damage each time is what a seed is for; nothing here is a secret.
    dice = random.Random(seed)
    targets = targets or Targets()
    outcome = Outcome()
    with warnings.catch_warnings():
        # Odd certificates, loaded all the same.
        warnings.simplefilter("ignore", CryptographyDeprecationWarning)
        for _ in range(n):
            is_rare = dice.random() < RARE
            name, data = dice.choice(targets.large + targets.bad if is_rare else targets.good)
            read(targets, name, damaged(data, dice), outcome)
    return outcome


def read(targets: Targets, name: str, data: bytes, outcome: Outcome) -> None:
    """Give one input to one reader and write down what came of it."""
    reader = targets.readers[name]
    begun = time.process_time()
    try:
        reader(data)
        outcome.accepted += 1
    except Malformed:
        pass
    except Exception as error:
        outcome.surprises.append((name, data, repr(error)))
    taken = time.process_time() - begun
    if taken > SLOW:
        taken = min(taken, _once_more(reader, data), _once_more(reader, data))
    outcome.inputs += 1
    outcome.slowest = max(outcome.slowest, taken)
    if taken > SLOW:
        outcome.slow.append((name, data))


def _once_more(reader: Callable[[bytes], object], data: bytes) -> float:
    """The time it takes when Python does not happen to collect the garbage of all the others just then."""
    gc.collect()
    begun = time.process_time()
    with contextlib.suppress(Exception):
        reader(data)
    return time.process_time() - begun

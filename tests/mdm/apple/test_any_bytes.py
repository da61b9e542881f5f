"""Whatever arrives, reading ends with a message or with Malformed, and soon."""

from __future__ import annotations

import plistlib
import tracemalloc
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as any_of

from mdm.apple import plists, signed_data
from simulation.apple_damage import Outcome, Targets, fuzz, read
from tests import cpu

KEYS = [
    *(
        "UDID",
        "EnrollmentID",
        "UserID",
        "UserShortName",
        "MessageType",
        "Topic",
        "Token",
        "PushMagic",
        "UnlockToken",
    ),
    *(
        "Status",
        "CommandUUID",
        "ErrorChain",
        "ErrorCode",
        "QueryResponses",
        "ProductName",
        "OSVersion",
        "BatteryLevel",
    ),
    *(
        "ServiceSubscriptions",
        "DeviceCapacity",
        "SecurityInfo",
        "ProfileList",
        "PayloadContent",
        "Latitude",
        "Timestamp",
    ),
]
WORDS = [
    "Authenticate",
    "TokenUpdate",
    "CheckOut",
    "SetBootstrapToken",
    "Idle",
    "Acknowledged",
    "Error",
    "NotNow",
    "A-1",
]
SCALARS = (
    any_of.booleans()
    | any_of.integers(-(2**63), 2**64 - 1)
    | any_of.floats()
    | any_of.sampled_from(WORDS)
    | any_of.text(any_of.characters(exclude_categories=("Cs", "Cc")), max_size=300)
    | any_of.binary(max_size=300)
)
VALUES = any_of.recursive(
    SCALARS,
    lambda inner: (
        any_of.lists(inner, max_size=4) | any_of.dictionaries(any_of.sampled_from(KEYS), inner, max_size=5)
    ),
    max_leaves=15,
)

pytestmark = pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")


@pytest.fixture(scope="module")
def targets() -> Targets:
    return Targets()


def check(outcome: Outcome) -> None:
    assert not outcome.surprises, outcome.surprises[0]
    assert outcome.slowest < cpu.MUCH, [(name, data[:100]) for name, data in outcome.slow]


def test_what_is_not_damaged_is_accepted(targets: Targets) -> None:
    outcome = Outcome()
    for name, data in targets.good + targets.large:
        read(targets, name, data, outcome)
    check(outcome)
    assert outcome.accepted == outcome.inputs


def test_what_nobody_may_accept_is_refused(targets: Targets) -> None:
    outcome = Outcome()
    for name, data in targets.bad:
        read(targets, name, data, outcome)
    check(outcome)
    assert (outcome.accepted, outcome.inputs) == (0, len(targets.bad))


def test_what_is_read_takes_no_more_memory_than_a_few_times_what_came(targets: Targets) -> None:
    for name, data in targets.bad:
        tracemalloc.start()
        read(targets, name, data, Outcome())
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert most < 10 * len(data) + 1_000_000


def test_two_thousand_damaged_messages(targets: Targets) -> None:
    outcome = fuzz(2_000, targets=targets)
    check(outcome)
    assert outcome.inputs == 2_000 and 0 < outcome.accepted < 1_000


@given(any_of.binary(max_size=400))
def test_any_bytes(targets: Targets, data: bytes) -> None:
    outcome = Outcome()
    for name in targets.readers:
        read(targets, name, data, outcome)
    check(outcome)


@given(any_of.dictionaries(any_of.sampled_from(KEYS), VALUES, max_size=8), any_of.booleans())
def test_any_property_list(targets: Targets, document: dict[str, Any], is_binary: bool) -> None:
    outcome = Outcome()
    form = plistlib.FMT_BINARY if is_binary else plistlib.FMT_XML
    read(targets, "plist", plistlib.dumps(document, fmt=form), outcome)
    check(outcome)


@given(any_of.data())
def test_any_damage_on_the_way(targets: Targets, data: any_of.DataObject) -> None:
    name, good = data.draw(any_of.sampled_from(targets.good))
    place = data.draw(any_of.integers(0, len(good)))
    damage = data.draw(any_of.binary(max_size=6))
    outcome = Outcome()
    read(targets, name, good[:place] + damage + good[place + data.draw(any_of.integers(0, 6)) :], outcome)
    check(outcome)


@pytest.mark.parametrize(
    "piece",
    [
        b"\x30\x80",
        b"\x30\x82\x40\x00",
        b"\xa0\x80\x30\x80",
        b"\x24\x80",
        b"\x05\x00",
        b"\x30\x00",
        b"\x30\x03\x02\x01\x00",
    ],
)
@pytest.mark.parametrize(
    "start", [b"", b"\x30\x80", b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x02\xa0\x80\x30\x80"]
)
def test_any_amount_of_the_same(targets: Targets, start: bytes, piece: bytes) -> None:
    outcome = Outcome()
    for name in ("signature", "request", "scep", "envelope", "certificate"):
        for size in (100, signed_data.LONGEST_SIGNATURE * 3 // 4, 65_000, 70_000):
            data = start + piece * (size // len(piece))
            read(targets, name, data, outcome)
            read(targets, name, data + bytes(2_000), outcome)
    check(outcome)


def test_bodies_of_the_largest_size(targets: Targets) -> None:
    outcome = Outcome()
    text = b"a" * (plists.LARGEST - 400)
    head = b'<?xml version="1.0"?><plist><dict><key>UDID</key><string>A-1</string><key>Status</key><string>'
    read(targets, "plist", head + text + b"</string></dict></plist>", outcome)
    read(targets, "plist", plistlib.dumps({"UDID": "A-1", "Status": text}, fmt=plistlib.FMT_BINARY), outcome)
    check(outcome)

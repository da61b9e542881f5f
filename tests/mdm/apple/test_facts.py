"""What a device says about itself becomes the portal's facts; what it does not say stays open."""

from __future__ import annotations

import plistlib
from typing import Any

import pytest

from mdm.apple import check_in, facts, names, reports
from mdm.apple.check_in import Authenticate
from mdm.apple.errors import Malformed
from mdm.apple.facts import Facts

UDID = "00008120-000A1D2E3F401234"
PHONE = {"ProductName": "iPhone15,2", "OSVersion": "18.5", "ModelName": "iPhone"}
FIRST = {"Slot": "CTSubscriptionSlotOne", "IMEI": "35 699106 123456 7", "PhoneNumber": "491701234567"}
SECOND = {
    "Slot": "CTSubscriptionSlotTwo",
    "IMEI": "35 699106 123457 5",
    "CurrentCarrierNetwork": "Example Mobile",
}


def read(**answers: Any) -> Facts:
    body = {"UDID": UDID, "Status": "Acknowledged", "CommandUUID": "c-1", "QueryResponses": answers}
    return facts.from_device_information(reports.decode(plistlib.dumps(body)))


def test_a_phone() -> None:
    found = read(
        **PHONE,
        DeviceName="Alice's iPhone",
        BatteryLevel=0.81,
        DeviceCapacity=128.0,
        AvailableDeviceCapacity=41.5,
        IsSupervised=False,
        ServiceSubscriptions=[{**FIRST, "CurrentCarrierNetwork": "Example Mobile", "IsVoicePreferred": True}],
    )
    assert (found.model, found.product, found.manufacturer) == ("iPhone 14 Pro", "iPhone15,2", "Apple")
    assert (found.os_name, found.os_version) == ("iOS", "18.5")
    assert (found.stable_id, found.device_name) == (UDID, "Alice's iPhone")
    assert (found.phone_number, found.carrier, found.imei) == (
        "491701234567",
        "Example Mobile",
        "356991061234567",
    )
    assert (found.battery_percent, found.disk_total_bytes, found.disk_free_bytes) == (
        81,
        128 * 10**9,
        41_500_000_000,
    )
    assert found.is_supervised is False and found.is_in_lost_mode is None


@pytest.mark.parametrize(
    ("first", "second", "slot"),
    [
        ({}, {}, "CTSubscriptionSlotOne"),  # the one with a number
        ({}, {"PhoneNumber": "491701234568"}, "CTSubscriptionSlotOne"),  # the first of equals
        ({}, {"IsVoicePreferred": True}, "CTSubscriptionSlotTwo"),
        ({"IsVoicePreferred": True}, {"IsDataPreferred": True}, "CTSubscriptionSlotOne"),
        ({}, {"IsDataPreferred": True}, "CTSubscriptionSlotTwo"),
    ],
)
def test_of_two_sims_the_one_for_calls(first: dict[str, bool], second: dict[str, bool], slot: str) -> None:
    found = read(**PHONE, ServiceSubscriptions=[{**FIRST, **first}, {**SECOND, **second}])
    assert [each.slot for each in found.subscriptions] == ["CTSubscriptionSlotOne", "CTSubscriptionSlotTwo"]
    wanted = next(each for each in found.subscriptions if each.slot == slot)
    assert found.imei == wanted.imei


def test_older_systems_tell_it_flat() -> None:
    found = read(
        **PHONE, PhoneNumber="491701234567", IMEI="35 699106 123456 7", SubscriberCarrierNetwork="Home"
    )
    assert (found.phone_number, found.carrier, found.imei) == ("491701234567", "Home", "356991061234567")


def test_a_mac_knows_its_own_name() -> None:
    found = read(ProductName="Mac15,3", OSVersion="14.5", ModelName="MacBook Pro", DeviceCapacity=500.0)
    assert (found.model, found.os_name, found.imei, found.battery_percent) == (
        "MacBook Pro",
        "macOS",
        None,
        None,
    )
    assert found.disk_total_bytes == 500 * 10**9


def test_old_macs_count_in_gibibytes() -> None:
    assert read(ProductName="MacBookPro15,1", OSVersion="11.7", DeviceCapacity=1.0).disk_total_bytes == 2**30


@pytest.mark.parametrize(
    ("product", "os_version", "os_name"),
    [
        ("iPad14,8", "17.5", "iPadOS"),
        ("iPad5,3", "12.5.7", "iOS"),
        ("iPod9,1", "15.8", "iOS"),
        ("AppleTV14,1", "17.5", "tvOS"),
        ("iMac21,1", "14.5", "macOS"),
        ("RealityDevice14,1", "2.0", "visionOS"),
        ("Toaster1,1", "1.0", None),
    ],
)
def test_systems_by_their_models(product: str, os_version: str, os_name: str | None) -> None:
    assert read(ProductName=product, OSVersion=os_version).os_name == os_name


def test_rapid_security_responses_are_part_of_the_version() -> None:
    assert read(**PHONE, SupplementalOSVersionExtra="(a)").os_version == "18.5 (a)"


def test_models_that_nobody_knows_keep_their_identifier_unless_somebody_names_them() -> None:
    assert read(ProductName="iPhone99,1").model == "iPhone99,1"
    assert names.model_name("iPhone99,1", {"iPhone99,1": "iPhone 30"}) == "iPhone 30"
    assert read().model is None


@pytest.mark.parametrize("level", [-1, -1.0, 2, float("nan"), "full", True])
def test_a_battery_that_cannot_be(level: Any) -> None:
    assert read(**PHONE, BatteryLevel=level).battery_percent is None


def test_nonsense_is_not_reported_and_breaks_nothing() -> None:
    found = read(
        ProductName=7,
        OSVersion=["18"],
        ModelName="\u202eABC\n",
        DeviceName="x" * 1000,
        DeviceCapacity=1e300,
        AvailableDeviceCapacity=float("inf"),
        IsSupervised="yes",
        ServiceSubscriptions=["SIM", {"IMEI": 5}, {}],
    )
    assert (found.product, found.os_version, found.model) == (None, None, "ABC")
    assert found.device_name == "x" * 255
    assert (found.disk_total_bytes, found.disk_free_bytes, found.is_supervised) == (None, None, None)
    assert len(found.subscriptions) == 2 and found.imei is None


def test_no_answers_at_all() -> None:
    with pytest.raises(Malformed, match="QueryResponses"):
        facts.from_device_information(
            reports.decode(plistlib.dumps({"UDID": UDID, "Status": "Acknowledged", "CommandUUID": "c-1"}))
        )


def test_the_first_message_already_says_a_little() -> None:
    keys = {
        "MessageType": "Authenticate",
        "UDID": UDID,
        "Topic": "com.apple.mgmt.a",
        "IMEI": "35 699106 123456 7",
    }
    message = check_in.decode(plistlib.dumps({**keys, **PHONE, "SerialNumber": "C39XX0001"}))
    assert isinstance(message, Authenticate)
    found = facts.from_authenticate(message)
    assert (found.model, found.os_name, found.imei) == ("iPhone 14 Pro", "iOS", "356991061234567")
    assert (found.serial, found.stable_id) == ("C39XX0001", UDID)


def test_the_table_of_models_is_in_order() -> None:
    table = names._models()
    assert all(product.startswith(("iPhone", "iPad", "iPod")) for product in table)
    assert all(name.split()[0] == product.rstrip("0123456789,") for product, name in table.items())
    assert table["iPhone17,5"] == "iPhone 16e" and table["iPad16,6"] == "iPad Pro 13-inch (M4)"

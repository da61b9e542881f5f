"""What a device says about itself, in the portal's words (apple/device-management,
information.device.yaml).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mdm.apple import names
from mdm.apple.check_in import Authenticate
from mdm.apple.errors import Malformed
from mdm.apple.fields import Document, dictionaries, dictionary, real, text, yes_or_no
from mdm.apple.reports import Report

MOST_SUBSCRIPTIONS = 8
LARGEST_DISK = 2**50
"""Bytes; what a device says beyond a pebibyte is not believed."""


@dataclass(frozen=True)
class Subscription:
    """One SIM or eSIM."""

    slot: str | None
    label: str | None
    phone_number: str | None
    carrier: str | None
    """The network it is in now, or else the one it belongs to."""
    imei: str | None
    iccid: str | None
    is_for_voice: bool
    is_for_data: bool


@dataclass(frozen=True)
class Facts:
    """Believed no further than that; None is "not reported". Texts are up to 255 characters, sizes are
    bytes.
    """

    model: str | None = None
    product: str | None = None
    manufacturer: str | None = None
    os_name: str | None = None
    os_version: str | None = None
    serial: str | None = None
    stable_id: str | None = None
    device_name: str | None = None
    phone_number: str | None = None
    carrier: str | None = None
    imei: str | None = None
    battery_percent: int | None = None
    disk_total_bytes: int | None = None
    disk_free_bytes: int | None = None
    is_supervised: bool | None = None
    has_activation_lock: bool | None = None
    is_in_lost_mode: bool | None = None
    is_locator_on: bool | None = None
    subscriptions: tuple[Subscription, ...] = field(default=())


def from_authenticate(message: Authenticate, names_added: Mapping[str, str] | None = None) -> Facts:
    """The few facts that come with the first message."""
    product = message.product or ""
    return Facts(
        model=_model(product, message.model_name, names_added),
        product=message.product,
        manufacturer=names.MANUFACTURER,
        os_name=_os_name(product, message.os_version),
        os_version=message.os_version,
        serial=message.serial,
        stable_id=message.sender.device,
        device_name=message.device_name,
        imei=_digits(message.imei),
    )


def from_device_information(report: Report, names_added: Mapping[str, str] | None = None) -> Facts:
    """The facts in the answer to DeviceInformation; raises Malformed if it is none."""
    answers = dictionary(report.results, "QueryResponses")
    if answers is None:
        raise Malformed("missing", "QueryResponses")
    product = text(answers, "ProductName") or ""
    os_version = text(answers, "OSVersion")
    os_name = _os_name(product, os_version)
    extra = text(answers, "SupplementalOSVersionExtra")
    subscriptions = tuple(
        _subscription(each) for each in dictionaries(answers, "ServiceSubscriptions", MOST_SUBSCRIPTIONS)
    )
    first = _preferred(subscriptions)
    unit = _capacity_unit(os_name, os_version)
    return Facts(
        model=_model(product, text(answers, "ModelName"), names_added),
        product=product or None,
        manufacturer=names.MANUFACTURER,
        os_name=os_name,
        os_version=f"{os_version} {extra}" if os_version and extra else os_version,
        stable_id=report.sender.device,
        device_name=text(answers, "DeviceName"),
        phone_number=(first and first.phone_number) or text(answers, "PhoneNumber"),
        carrier=(first and first.carrier)
        or text(answers, "CurrentCarrierNetwork")
        or text(answers, "SubscriberCarrierNetwork"),
        imei=(first and first.imei) or _digits(text(answers, "IMEI")),
        battery_percent=_percent(answers),
        disk_total_bytes=_size(answers, "DeviceCapacity", unit),
        disk_free_bytes=_size(answers, "AvailableDeviceCapacity", unit),
        is_supervised=yes_or_no(answers, "IsSupervised"),
        has_activation_lock=yes_or_no(answers, "IsActivationLockEnabled"),
        is_in_lost_mode=yes_or_no(answers, "IsMDMLostModeEnabled"),
        is_locator_on=yes_or_no(answers, "IsDeviceLocatorServiceEnabled"),
        subscriptions=subscriptions,
    )


def major(os_version: str | None) -> int | None:
    """17 of "17.4.1", None if it does not start with a number."""
    start = (os_version or "").partition(".")[0]
    return int(start) if start.isascii() and start.isdigit() and len(start) < 4 else None


def release(os_version: str | None) -> tuple[int, int] | None:
    """(11, 4) of "11.4.1", None if it does not start with a number."""
    first = major(os_version)
    return None if first is None else (first, major((os_version or "").partition(".")[2]) or 0)


def _model(product: str, model_name: str | None, names_added: Mapping[str, str] | None) -> str | None:
    """A phone says "iPhone" as its ModelName, which our table knows better; a Mac says "MacBook Pro", which
    it does not.
    """
    if names.system_name(product) == "macOS":
        return (names_added or {}).get(product) or model_name or product
    return names.model_name(product, names_added) if product else model_name


def _os_name(product: str, os_version: str | None) -> str | None:
    name = names.system_name(product)
    return "iOS" if name == "iPadOS" and (major(os_version) or 13) < 13 else name


def _subscription(answer: Document) -> Subscription:
    return Subscription(
        slot=text(answer, "Slot"),
        label=text(answer, "Label"),
        phone_number=text(answer, "PhoneNumber"),
        carrier=text(answer, "CurrentCarrierNetwork") or text(answer, "SubscriberCarrierNetwork"),
        imei=_digits(text(answer, "IMEI")),
        iccid=_digits(text(answer, "ICCID")),
        is_for_voice=yes_or_no(answer, "IsVoicePreferred") or False,
        is_for_data=yes_or_no(answer, "IsDataPreferred") or False,
    )


def _preferred(subscriptions: tuple[Subscription, ...]) -> Subscription | None:
    """The one for calls, else the one for data, else the first that has a number."""
    return max(
        subscriptions,
        key=lambda each: (each.is_for_voice, each.is_for_data, bool(each.phone_number)),
        default=None,
    )


def _digits(number: str | None) -> str | None:
    """An IMEI comes as "35 699106 123456 7"; without the spaces it can be searched."""
    return number.replace(" ", "") if number else None


def _percent(answers: Document) -> int | None:
    level = real(answers, "BatteryLevel")
    return round(level * 100) if level is not None and 0 <= level <= 1 else None


def _capacity_unit(os_name: str | None, os_version: str | None) -> int:
    """Capacities are in gigabytes, but in gibibytes up to macOS 11."""
    return 2**30 if os_name == "macOS" and (major(os_version) or 12) < 12 else 10**9


def _size(answers: Document, key: str, unit: int) -> int | None:
    size = real(answers, key)
    if size is None or not 0 <= size * unit <= LARGEST_DISK:
        return None
    return round(size * unit)

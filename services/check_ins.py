"""What devices report when they come by."""

from __future__ import annotations

from typing import Any

from models import Device, Status, database
from services import audit, channels, clock, codes, devices, lifecycle

# The facts that people search and sort by are columns; all others are kept as JSON.
COLUMNS = (
    "model",
    "manufacturer",
    "os_name",
    "os_version",
    "phone_number",
    "carrier",
    "imei",
    "serial",
    "stable_id",
)


def device_of(credential: str) -> Device | None:
    """The device that holds this secret."""
    return Device.get_or_none(Device.credential_hash == codes.digest(credential[:500]))


def record(device: Device, facts: dict[str, Any]) -> None:
    """A verified message arrived: note it, and what it says. The first one makes the device Active."""
    with database.atomic():
        if seen(device, facts.get("stable_id")):
            store_facts(device, facts)


def seen(device: Device, stable_id: str | None = None) -> bool:
    """A verified message arrived; it may say nothing about the device itself. Is the device still welcome?"""
    now = clock.now()
    with database.atomic():
        _as_it_stands(device)
        if device.status == Status.ENROLLING and _is_known_elsewhere(device, stable_id or device.stable_id):
            audit.append("device:enrolment:refused", by=None, device=device)
            lifecycle.change(device, lifecycle.Event.GIVE_UP, by=device)
            return False
        if device.status == Status.ENROLLING:
            joined = {"registered_at": now, "stable_id": device.stable_id or stable_id}
            Device.update(joined).where(Device.id == device.id).execute()
            device.__data__.update(joined)
            lifecycle.change(device, lifecycle.Event.CONFIRM, by=device)
        update: dict[str, Any] = {"last_check_in_at": now}
        if device.next_ownership:
            update |= {"ownership": device.next_ownership, "next_ownership": None}
            audit.append(
                "device:ownership:changed", by=device, device=device, params={"to": device.next_ownership}
            )
        Device.update(**update).where(Device.id == device.id).execute()
        device.__data__.update(update)
    return True


def store_facts(device: Device, facts: dict[str, Any]) -> None:
    """Keep what was reported. A column that is not reported this time keeps what was last known.

    What hardware is known by is taken while the device joins, when others who have it are looked for, and never later.
    """
    reported = {key: value for key, value in facts.items() if value is not None}
    columns = {key: reported[key] for key in COLUMNS if key in reported}
    if device.stable_id or device.status != Status.ENROLLING:  # or it could claim another's hardware
        for key in channels.of_device(device).KNOWN_BY:
            columns.pop(key, None)
    changed = {key: value for key, value in columns.items() if getattr(device, key) != value}
    if "serial" in changed:
        changed["serial_search"] = changed["serial"].casefold()
    others = {key: value for key, value in reported.items() if key not in COLUMNS}
    update: dict[str, Any] = {**changed, "facts": others, "facts_at": clock.now()}
    with database.atomic():
        if device.os_version and "os_version" in changed:
            audit.append(
                "device:system:changed",
                by=device,
                device=device,
                text={"from": device.os_version, "to": changed["os_version"]},
            )
        Device.update(**update).where(Device.id == device.id).execute()
    device.__data__.update(update)


def same_hardware(device: Device, facts: dict[str, Any], since: int | None = None) -> list[Device]:
    """Other rows of what now says this of itself, by what its channel knows hardware by (`devices.same_hardware`)."""
    known_by = channels.of_device(device).KNOWN_BY
    found = {key: facts.get(key) for key in ("stable_id", "serial") if key in known_by}
    return devices.same_hardware(found.get("stable_id"), found.get("serial"), besides=device, since=since)


def _is_known_elsewhere(device: Device, stable_id: str | None) -> bool:
    """Did the same hardware become another person's since this one began to join?"""
    same = same_hardware(device, {"stable_id": stable_id, "serial": device.serial})
    return any(other.user_id != device.user_id for other in same)


def _as_it_stands(device: Device) -> None:
    """Two check-ins at once, or a person who changed something meanwhile: what the database says now counts."""
    columns = (Device.status, Device.ownership, Device.next_ownership)
    now_row = Device.select(*columns).where(Device.id == device.id).dicts().get()
    device.__data__.update(now_row)

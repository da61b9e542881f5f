"""What an Apple device tells us, and what it entrusts to us, sealed: unlock token, push magic, the PINs of a Mac."""

from __future__ import annotations

from typing import Any

from models import AppleEnrolment, ApplePin, Command, Device, database
from services import clock, codes, keyring

PIN_DIGITS = 6


def enrolment_of(device: Device) -> AppleEnrolment | None:
    return AppleEnrolment.get_or_none(AppleEnrolment.device == device)


def note(device: Device, **found: Any) -> None:
    """Keep what the device told, beside what it told before."""
    with database.atomic():
        row = AppleEnrolment.get(AppleEnrolment.device == device)
        inventory = {**row.inventory, **found}
        AppleEnrolment.update(inventory=inventory).where(AppleEnrolment.device == device).execute()


def sealed(device: Device, column: str, plain: bytes) -> bytes:
    """For `AppleEnrolment.<column>`."""
    return keyring.seal(plain, _place(device, column))


def opened(row: AppleEnrolment, column: str) -> bytes | None:
    value = getattr(row, column)
    return None if value is None else keyring.unseal(value, _place(row.device, column))


def pin_for(command: Command) -> str:
    """The six digits that the Mac will ask for: made once for an order, and stored before they are sent."""
    with database.atomic():
        row = ApplePin.get_or_none(ApplePin.command == command)
        if row is not None:
            return opened_pin(row)
        pin = codes.pin(PIN_DIGITS)
        ApplePin.create(
            command=command,
            device=command.device,
            pin=keyring.seal(pin.encode(), _pin_place(command.code)),
            created_at=clock.now(),
        )
    return pin


def pins_of(device: Device) -> list[ApplePin]:
    """Newest first. The one that the Mac asks for is usually the first."""
    return list(
        ApplePin.select(ApplePin, Command)
        .join(Command)
        .where(ApplePin.device == device)
        .order_by(ApplePin.created_at.desc(), ApplePin.command.desc())
        .limit(5)
    )


def opened_pin(row: ApplePin) -> str:
    """For the Mac itself. To people it is shown by `actions.show_pin`, which asks who may see it and writes it down."""
    return keyring.unseal(row.pin, _pin_place(row.command.code)).decode()


def _place(device: Device, column: str) -> str:
    return f"apple_enrolment:{device.code}:{column}"


def _pin_place(code: str) -> str:
    return f"apple_pin:{code}:pin"

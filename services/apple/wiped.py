"""A device that counts as wiped and speaks all the same: its owner and the administrators hear of it, once."""

from __future__ import annotations

from models import AuditEntry, Device, database
from services import audit, clock

DOUBTED = "device:wipe:doubted"
ERASING_SECONDS = 600  # it may not be through yet: what it says meanwhile tells nothing


def doubt(device: Device) -> None:
    """Write down that it spoke. What it confirmed is that it would try to erase itself (device.erase.yaml), no more.

    It may speak hundreds of times, so the usual look takes no lock. The audit remembers it, and tells who has to know.
    """
    if clock.now() < device.status_at + ERASING_SECONDS or is_in_doubt(device):
        return
    with database.atomic():
        if not is_in_doubt(device):  # it may speak on several connections at once
            audit.append(DOUBTED, by=None, device=device)


def is_in_doubt(device: Device) -> bool:
    noted = (AuditEntry.device == device.code) & (AuditEntry.action == DOUBTED)
    return bool(AuditEntry.select().where(noted).exists())

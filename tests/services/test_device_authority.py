"""The device authority is made once, and that is written down."""

from __future__ import annotations

from models import AuditEntry, DeviceAuthority
from services import device_authority


def made() -> int:
    return AuditEntry.select().where(AuditEntry.action == "setting:device_authority:created").count()


def test_making_it_is_written_down_once() -> None:
    DeviceAuthority.delete().execute()
    before = made()
    assert device_authority.create()
    assert made() == before + 1
    assert not device_authority.create()
    assert made() == before + 1

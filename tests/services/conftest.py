"""What the tests of the rules share: settings, the audit's own words, and many threads at the same instant."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from flask import Flask

from models import AuditEntry, Device, Status, User
from services import database, settings


@pytest.fixture(autouse=True)
def _on_a_database(app: Flask) -> None:
    """Every test here has the cast's database open, and a clock that stands still."""


@pytest.fixture
def decide(app: Flask) -> Callable[..., None]:
    """decide(pin_length=8): what the administrator decided."""

    def put(**decided: object) -> None:
        for key, value in decided.items():
            typed = ("on" if value else "off") if isinstance(value, bool) else str(value)
            settings.put(key, typed, by=None)

    return put


@pytest.fixture
def at_once(app: Flask) -> Callable[..., list[Any]]:
    """at_once(20, work): `work` in 20 threads that start at the same instant; what each returned or raised."""

    def run(count: int, work: Callable[[], Any]) -> list[Any]:
        gate = Barrier(count)

        def one(_: int) -> Any:
            database.connect()
            try:
                gate.wait(60)
                return work()
            except Exception as error:
                return error
            finally:
                database.close()

        with ThreadPoolExecutor(count) as threads:
            return list(threads.map(one, range(count)))

    return run


def status_of(device: Device) -> Status:
    """As the database has it, whatever the object in hand says."""
    return Status(Device.get_by_id(device.id).status)


def audited(about: Device | User) -> list[str]:
    """The actions in the history of a device, or of a person's account and devices; oldest first."""
    column = AuditEntry.device if isinstance(about, Device) else AuditEntry.user
    return [entry.action for entry in entries(column == about.code)]


def entries(condition: Any) -> list[AuditEntry]:
    return list(AuditEntry.select().where(condition).order_by(AuditEntry.id))


def last_entry(action: str) -> AuditEntry:
    return AuditEntry.select().where(AuditEntry.action == action).order_by(AuditEntry.id.desc()).get()

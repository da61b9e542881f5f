"""Finding people and devices, for those who help: exactly, or by how something begins."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from models import Device, User
from services import permissions, phone_numbers, settings
from services.refused import Forbidden

MOST = 20
LONGEST = 100
LAST = "\U0010ffff"  # comes after every other character: what begins with "mor" lies between "mor" and "mor" + LAST


@dataclass(frozen=True)
class Found:
    """At most 20 of each; `has_more_...` says that there are others."""

    people: list[User]
    devices: list[Device]
    has_more_people: bool
    has_more_devices: bool


def find(text: str, by: User) -> Found:
    """People by name, last name, user name, address or number; devices by code, serial, IMEI, number or name.

    Each column is asked on its own, in the order of its index, so that it costs the same in a large house.
    Raises Forbidden.
    """
    if not permissions.may_help(by):
        raise Forbidden()
    text = " ".join(text[:LONGEST].encode("utf-8", "ignore").decode().split())
    if not text:
        return Found([], [], False, False)
    people, has_more_people = _merged(_people(text))
    devices, has_more_devices = _merged(_devices(text))
    return Found(people, devices, has_more_people, has_more_devices)


def _people(text: str) -> Iterable[Any]:
    folded = text.casefold()
    for column in (User.name_search, User.last_name_search, User.username, User.email_search):
        yield _starting(User.select(), column, folded)
    for number in _numbers(text):
        yield _starting(User.select(), User.phone_number, number)


def _devices(text: str) -> Iterable[Any]:
    folded = text.casefold()
    query = Device.select(Device, User).join(User)
    yield query.where(Device.code == folded)
    yield _starting(query, Device.serial_search, folded)
    if _is_number(text):
        yield _starting(query, Device.imei, "".join(filter(str.isdigit, text)))
    for number in _numbers(text):
        yield _starting(query, Device.phone_number, number)
    yield _starting(query, Device.name_search, folded)


def _starting(query: Any, column: Any, text: str) -> Any:
    return query.where(column >= text, column < text + LAST).order_by(column).limit(MOST + 1)


def _merged(queries: Iterable[Any]) -> tuple[list[Any], bool]:
    """Each row once, in the order in which it was found."""
    found = {row.id: row for query in queries for row in query}
    return list(found.values())[:MOST], len(found) > MOST


def _numbers(text: str) -> list[str]:
    return phone_numbers.beginnings(text, settings.load().country) if _is_number(text) else []


def _is_number(text: str) -> bool:
    return text.isascii() and any(map(str.isdigit, text)) and not any(map(str.isalpha, text))

"""Finding devices, and the one list that everybody opens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import reduce
from operator import or_
from typing import NamedTuple

from models import ENDED, ENROLLED, Device, Platform, Status, User, database
from services import clock
from services.refused import N_

MOST_AT_HOME = 200
SHOWN_AFTER_EXPIRY = 7 * 86_400  # seconds; older ones are folded away
SERIAL_LENGTHS = range(8, 15)  # of Apple's
NO_SERIALS = ("serialnumber", "notavailable", "notspecified")

PLATFORM_NAMES = {
    Platform.LINUX: N_("Linux computer"),
    Platform.MACOS: N_("Mac"),
    Platform.WINDOWS: N_("Windows computer"),
    Platform.IOS: N_("iPhone or iPad"),
    Platform.ANDROID: N_("Android device"),
}


class HomeRow(NamedTuple):
    """One device as the home page lists it. `name` is nothing until the device or its owner gave one."""

    code: str
    name: str
    platform: str
    status: str
    ownership: str
    next_ownership: str | None
    os_name: str | None
    os_version: str | None
    model: str | None
    last_check_in_at: int | None
    created_at: int
    registration_code: str | None
    way: str | None
    proof: str | None
    expires_at: int | None
    mail_state: str | None  # of the mail with its link, as long as that is waited for
    mail_reason: str | None
    mail_sent_at: int | None
    asked_ownership: str | None  # an administrator waits for the owner's consent


# Written once as SQL: this is the page that everybody opens, and building it anew costs ten times its running.
_HOME = """
SELECT d.code, d.name, d.platform, d.status, d.ownership, d.next_ownership, d.os_name, d.os_version, d.model,
       d.last_check_in_at, d.created_at, r.code, r.way, r.proof, r.expires_at, m.state, m.reason, m.sent_at,
       d.asked_ownership
FROM device d LEFT JOIN registration r ON r.device_id = d.id
LEFT JOIN message m ON m.id = CASE WHEN d.status = 'pending' AND r.way <> 'qr' THEN (
    SELECT max(id) FROM message WHERE device_id = d.id AND kind IN ('invitation', 'pin') AND medium = 'mail') END
WHERE d.user_id = ?
"""
_HOME_LIST = _HOME + f"ORDER BY d.id DESC LIMIT {MOST_AT_HOME}"
_HOME_ONE = _HOME + "AND d.code = ?"


def home(user: User) -> list[HomeRow]:
    """All devices of a person, newest first."""
    return [HomeRow._make(row) for row in database.execute_sql(_HOME_LIST, (user.id,))]


def card(owner_id: int, code: str) -> HomeRow | None:
    """One row of the home page."""
    row = database.execute_sql(_HOME_ONE, (owner_id, code)).fetchone()
    return HomeRow._make(row) if row is not None else None


def as_of_now(rows: Iterable[HomeRow]) -> list[HomeRow]:
    """A registration whose time is over has expired, also before the worker has written that down."""
    now = clock.now()
    return [
        row._replace(status=Status.EXPIRED)
        if row.status == Status.PENDING and row.expires_at is not None and row.expires_at <= now
        else row
        for row in rows
    ]


def folded(rows: Sequence[HomeRow]) -> tuple[list[HomeRow], list[HomeRow]]:
    """Those that stand on the roll, and those that have left it."""
    here: list[HomeRow] = []
    gone: list[HomeRow] = []
    for row in rows:
        (here if row.status not in ENDED or _ran_out_lately(row) else gone).append(row)
    return here, gone


def by_code(code: str) -> Device | None:
    return Device.get_or_none(Device.code == code)


def by_codes(codes: Iterable[str]) -> dict[str, Device]:
    """Several at once, by their code. What is not there any more is left out."""
    wanted = {code for code in codes if code}
    return (
        {device.code: device for device in Device.select().where(Device.code.in_(wanted))} if wanted else {}
    )


def display_name(device: Device | HomeRow) -> str:
    """What to call it: its own name, else what kind of thing it is (a message id: translate it)."""
    return device.name or PLATFORM_NAMES[Platform(device.platform)]


def same_hardware(
    stable_id: str | None, serial: str | None, besides: Device, since: int | None = None
) -> list[Device]:
    """The same hardware on other rows: enrolled ones of anybody, the owner's own that are still joining, and of those that
    have left the ones that had joined since then.

    A serial number counts among the devices of one channel, since others only claim one. A stranger's row that is only
    joining does not count, or anybody could keep a device out by claiming it.
    """
    is_same = []
    if stable_id:
        is_same.append(Device.stable_id == stable_id)
    if serial and is_serial_of_one_device(serial):
        is_same.append((Device.serial_search == serial.casefold()) & (Device.channel == besides.channel))
    if not is_same:
        return []
    counts = Device.status.in_(ENROLLED)
    counts |= (Device.status == Status.ENROLLING) & (Device.user == besides.user_id)
    if since is not None:
        counts |= Device.registered_at >= since
    return list(Device.select().where(reduce(or_, is_same), Device.id != besides.id, counts))


def is_serial_of_one_device(serial: str) -> bool:
    """Boards that were never given a number say 0, Not Available or Serial Number, all alike."""
    is_one = len(serial) in SERIAL_LENGTHS and serial.isascii() and serial.isalnum()
    return is_one and len(set(serial)) > 1 and serial.casefold() not in NO_SERIALS


def _ran_out_lately(row: HomeRow) -> bool:
    return row.status == Status.EXPIRED and (row.expires_at or 0) > clock.now() - SHOWN_AFTER_EXPIRY

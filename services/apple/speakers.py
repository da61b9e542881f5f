"""Who is speaking: the device behind a certificate, by one look into the database."""

from __future__ import annotations

from typing import NamedTuple

from mdm.apple import certificates
from mdm.apple.errors import Malformed
from models import ENROLLED, GONE, Device, Status, database
from services import clock

# Written once as SQL: every check-in asks this, and most ask nothing else.
_WHO = """
SELECT c.certificate, d.id, d.status, d.last_check_in_at, d.next_ownership IS NOT NULL, a.udid,
       EXISTS (SELECT 1 FROM command o WHERE o.device_id = d.id AND o.state IN ('queued', 'sent')),
       d.credential_hash IS NOT ?1
FROM device_authority c
LEFT JOIN device d ON d.channel = 'apple' AND d.id = coalesce(
    (SELECT id FROM device WHERE credential_hash = ?1),
    (SELECT device_id FROM apple_enrolment WHERE next_credential_hash = ?1))
LEFT JOIN apple_enrolment a ON a.device_id = d.id
"""
MAY_SPEAK = frozenset({Status.ENROLLING, *ENROLLED})


class Speaker(NamedTuple):
    """What has to be known of a device before anything it says is looked at."""

    id: int
    status: str
    last_check_in_at: int | None
    has_ownership_to_come: bool
    udid: str | None
    has_orders: bool
    has_renewed: bool  # speaks with its next certificate, for the first time
    credential_hash: str  # of the certificate that it speaks with

    @property
    def has_gone(self) -> bool:
        return self.status in GONE

    def device(self) -> Device:
        """The whole row, when there is more to do."""
        return Device.get_by_id(self.id)

    def device_now(self) -> Device:
        """The whole row when it is the device's turn. Raises Unknown if its certificate counts no more since it began
        to speak: the row may by now be that of another device.
        """
        device = Device.get_or_none(Device.id == self.id, Device.credential_hash == self.credential_hash)
        if device is None:
            raise Unknown()
        return device


class Unknown(Exception):
    """We cannot tell who is speaking: never a reason for a device to leave."""


def behind(certificate: bytes) -> Speaker:
    """Whose certificate (DER) this is. Raises Unknown: not ours, out of date, or of nobody we know."""
    fingerprint = certificates.fingerprint(certificate)
    row = database.execute_sql(_WHO, (fingerprint,)).fetchone()
    if row is None or row[1] is None:
        raise Unknown()
    try:
        certificates.check(certificate, bytes(row[0]), clock.now())
    except Malformed:
        raise Unknown() from None
    return Speaker(row[1], row[2], row[3], bool(row[4]), row[5], bool(row[6]), bool(row[7]), fingerprint)

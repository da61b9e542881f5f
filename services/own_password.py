"""Changing one's own password: the present one is asked for, and not guessed at."""

from __future__ import annotations

from models import User, database
from services import passwords, sessions, settings, throttle, users
from services.refused import N_, Refused


def change(person: User, old: str, new: str, browser: str = "", address: str = "") -> str:
    """Every session of the account ends; the one of this browser goes on under the token that is returned.

    Raises Refused with the field that is wrong. The try is counted before the transaction, which would take it back
    when it fails, and the hashes are computed before it, because everybody who writes would wait for them.
    """
    key = f"password:{person.code}"
    is_allowed = not throttle.allow(key, settings.load().sign_in_failures)
    if not passwords.verify(person.password_hash if is_allowed else None, old):
        raise Refused(
            N_("This is not your present password. After several tries, wait a while."), field="old_password"
        )
    throttle.forget(key)
    password_hash = users.new_hash(person, new)
    with database.atomic():
        users.store_password(person, password_hash, by=person)
        return sessions.start(person, browser, address)

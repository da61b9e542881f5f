"""Signed-in browsers: rows in the database, so that a copied cookie is dead once its row is gone."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from models import Role, User, UserSession, database
from services import audit, clock, codes, keyring, settings

FRESH_SECONDS = 300  # how long a password that was just given counts for dangerous actions
SEEN_EVERY = 60  # seconds: last_seen_at is written at most so often
LONGEST = 24 * 3600  # seconds from its start: no setting of `absolute_hours` lets a session live longer


@dataclass
class SignedIn:
    """Who is asking: the person, their browser's session, and their roles as they stand now."""

    user: User
    session: UserSession
    roles: frozenset[Role]


def start(user: User, browser: str = "", address: str = "") -> str:
    """Open a session for somebody who just gave their password. Returns its token, kept only by the browser."""
    token, now = codes.secret(), clock.now()
    with database.atomic():
        UserSession.create(
            token_hash=codes.digest(token),
            code=codes.code(12),
            user=user,
            created_at=now,
            last_seen_at=now,
            proved_at=now,
            browser=browser[:200],
            address=address,
        )
    return token


_LOAD = """
SELECT s.token_hash, s.code, s.created_at, s.last_seen_at, s.proved_at, s.browser, s.address,
       u.id, u.code, u.username, u.name, u.email, u.phone_number, u.password_hash, u.language, u.time_zone,
       (SELECT group_concat(r.role) FROM user_role r WHERE r.user_id = u.id)
FROM user_session s JOIN "user" u ON u.id = s.user_id
WHERE s.token_hash = ? AND s.created_at > ? AND s.last_seen_at > ? AND NOT u.is_disabled
"""


def load(token: str, wanted: settings.Settings | None = None) -> SignedIn | None:
    """Who holds this token, if the session still lives and the account may still use the portal.

    One query, written out because every page begins with it.
    """
    rules, now = wanted or settings.load(), clock.now()
    row = database.execute_sql(
        _LOAD,
        (codes.digest(token), now - rules.absolute_hours * 3600, now - rules.idle_minutes * 60),
    ).fetchone()
    if row is None:
        return None
    roles = frozenset(Role(role) for role in (row[16] or "").split(",") if role)
    if Role.USER_PORTAL not in roles:
        return None
    user = User(
        id=row[7], code=row[8], username=row[9], name=row[10], email=row[11], phone_number=row[12],
        password_hash=row[13], language=row[14], time_zone=row[15], is_disabled=False,
    )  # fmt: skip
    session = UserSession(
        token_hash=row[0], code=row[1], created_at=row[2], last_seen_at=row[3], proved_at=row[4],
        browser=row[5], address=row[6], user=user,
    )  # fmt: skip
    user.known_roles = roles
    return SignedIn(user, session, roles)


def touch(session: UserSession) -> None:
    """The person did something (a poll is nothing). Written at most once a minute."""
    now = clock.now()
    if now - session.last_seen_at >= SEEN_EVERY:
        with database.atomic():
            UserSession.update(last_seen_at=now).where(UserSession.token_hash == session.token_hash).execute()
        session.last_seen_at = now


def is_fresh(session: UserSession) -> bool:
    """Was the password given in the last five minutes?"""
    return bool(clock.now() - session.proved_at <= FRESH_SECONDS)


def rotate(session: UserSession) -> str:
    """The password was given again: a new token, and the old one is dead."""
    token, now = codes.secret(), clock.now()
    with database.atomic():
        UserSession.update(token_hash=codes.digest(token), proved_at=now, last_seen_at=now).where(
            UserSession.token_hash == session.token_hash
        ).execute()
    session.token_hash, session.proved_at, session.last_seen_at = codes.digest(token), now, now
    return token


def end(session: UserSession) -> None:
    with database.atomic():
        UserSession.delete().where(UserSession.code == session.code).execute()


def end_all(user: User, except_code: str = "") -> int:
    """End every session of an account but one. Returns how many there were."""
    with database.atomic():
        return int(
            UserSession.delete().where(UserSession.user == user, UserSession.code != except_code).execute()
        )


def list_for(user: User) -> list[UserSession]:
    """Where the person is signed in, last used first."""
    rules, now = settings.load(), clock.now()
    return list(
        UserSession.select()
        .where(
            UserSession.user == user,
            UserSession.created_at > now - rules.absolute_hours * 3600,
            UserSession.last_seen_at > now - rules.idle_minutes * 60,
        )
        .order_by(UserSession.last_seen_at.desc())
    )


def by_code(user: User, code: str) -> UserSession | None:
    """One of the person's own living sessions."""
    return next((session for session in list_for(user) if session.code == code), None)


def end_by_hand(sessions: Iterable[UserSession], by: User) -> None:
    """Sign browsers of the person out, each with its entry. One that has ended meanwhile is fine."""
    with database.atomic():
        for session in sessions:
            if UserSession.delete().where(UserSession.code == session.code).execute():
                audit.append("user:session:ended", by=by, user=session.user, params={"session": session.code})


def keep_for_next_page(session: UserSession, key: str, value: dict[str, Any]) -> None:
    """Keep a secret, encrypted, until the next page shows it."""
    with database.atomic():
        shown = _shown(session)
        shown[key] = value
        _store(session, shown)


def take(session: UserSession, key: str) -> dict[str, Any] | None:
    """Take out what was kept under the key. The second who asks gets nothing."""
    with database.atomic():
        shown = _shown(session)
        value: dict[str, Any] | None = shown.pop(key, None)
        if value is not None:
            _store(session, shown)
    return value


def has_kept(session: UserSession, key: str) -> bool:
    return key in _shown(session)


def purge() -> None:
    """Drop the rows of sessions that no setting could still keep alive."""
    with database.atomic():
        UserSession.delete().where(UserSession.created_at < clock.now() - LONGEST).execute()


def _shown(session: UserSession) -> dict[str, Any]:
    row = UserSession.select(UserSession.shown_once).where(UserSession.code == session.code).tuples().first()
    if row is None or row[0] is None:
        return {}
    shown: dict[str, Any] = json.loads(keyring.unseal(row[0], _place(session.code)))
    return shown


def _store(session: UserSession, shown: dict[str, Any]) -> None:
    UserSession.update(shown_once=_sealed(session.code, shown)).where(
        UserSession.code == session.code
    ).execute()


def _sealed(code: str, shown: dict[str, Any]) -> bytes | None:
    return keyring.seal(json.dumps(shown).encode(), _place(code)) if shown else None


def _place(code: str) -> str:
    return f"user_session:{code}:shown_once"

"""People's accounts: creating them, finding them, and what they may change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from zoneinfo import available_timezones

from models import OneTimeLink, Role, User, UserRole, database
from services import (
    audit,
    clock,
    codes,
    passwords,
    phone_numbers,
    sessions,
    setting_rules,
    settings,
    user_details,
)
from services.refused import N_, Refused
from services.user_details import normalised

ADMINISTERS = frozenset({Role.USER_PORTAL, Role.ADMINISTRATOR})  # who cannot sign in cannot administer


def find(username: str) -> User | None:
    return User.get_or_none(User.username == normalised(username))


def by_code(code: str) -> User | None:
    return User.get_or_none(User.code == code)


def names(codes: Iterable[str]) -> dict[str, str]:
    """Several people's names at once, by their code. Who is not there any more is left out."""
    rows: Any = User.select(User.code, User.name).where(User.code.in_(set(codes))).tuples()
    return dict(rows)


def create(
    username: str,
    name: str,
    email: str,
    password: str | None,
    roles: Iterable[Role],
    by: User | None,
    phone_number: str = "",
) -> User:
    """Create a local account. Raises Refused with the field that is wrong."""
    return add(new_columns(username, name, email, password, phone_number), roles, by)


def new_columns(
    username: str, name: str, email: str, password: str | None, phone_number: str = ""
) -> dict[str, Any]:
    """What `add` stores, checked. Raises Refused. It takes its time: call it outside of a transaction."""
    username = user_details.checked_username(username)
    name, email = user_details.checked_name(name), user_details.checked_email(email)
    if password is not None:
        passwords.check_policy(password, *user_details.own_words(username, name, email))
    return {
        "code": codes.code(8),
        "username": username,
        "name": name,
        "email": email,
        **user_details.to_search(name, email),
        "phone_number": phone_number,
        "password_hash": passwords.hash(password) if password is not None else None,
        "password_changed_at": clock.now() if password is not None else None,
        "created_at": clock.now(),
    }


def add(columns: dict[str, Any], roles: Iterable[Role], by: User | None) -> User:
    """The account itself. Raises Refused if its name has been taken."""
    with database.atomic():
        if find(columns["username"]) is not None:
            raise Refused(N_("There is an account with this user name already."), field="username")
        user = User.create(**columns)
        UserRole.insert_many([{"user": user, "role": role} for role in set(roles)]).execute()
        audit.append("user:account:created", by=by, user=user, params={"roles": sorted(set(roles))})
    return user


def set_roles(user: User, roles: Iterable[Role], by: User | None) -> None:
    """Replace the person's roles. They act on the next request. The last administrator stays one."""
    wanted = set(roles)
    with database.atomic():
        if not wanted >= ADMINISTERS:
            _refuse_last_administrator(user)
        UserRole.delete().where(UserRole.user == user).execute()
        if wanted:
            UserRole.insert_many([{"user": user, "role": role} for role in wanted]).execute()
        audit.append("user:roles:changed", by=by, user=user, params={"roles": sorted(wanted)})


def disable(user: User, by: User | None) -> None:
    """Shut the account: no sign-in, no session, no registration that could still be finished."""
    with database.atomic():
        _refuse_last_administrator(user)
        User.update(is_disabled=True).where(User.id == user.id).execute()
        sessions.end_all(user)
        audit.append("user:account:disabled", by=by, user=user)
    user.is_disabled = True


def enable(user: User, by: User | None) -> None:
    with database.atomic():
        User.update(is_disabled=False).where(User.id == user.id).execute()
        audit.append("user:account:enabled", by=by, user=user)
    user.is_disabled = False


def change_details(
    user: User,
    by: User,
    name: str,
    email: str,
    phone_number: str,
    language: str,
    time_zone: str,
) -> None:
    """Change what the person may change of their own account. Raises Refused with the field."""
    name, email = user_details.checked_name(name), user_details.checked_email(email)
    phone_number = phone_numbers.parse(phone_number, settings.load().country)
    if language and language not in setting_rules.LANGUAGES:
        raise Refused(N_("We do not speak this language yet."), field="language")
    if time_zone and time_zone not in available_timezones():
        raise Refused(N_("There is no time zone called that. One is Europe/London."), field="time_zone")
    new = {
        "name": name,
        "email": email,
        **user_details.to_search(name, email),
        "phone_number": phone_number,
        "language": language,
        "time_zone": time_zone,
    }
    changed = sorted(
        key for key, value in new.items() if getattr(user, key) != value and not key.endswith("_search")
    )
    if not changed:
        return
    with database.atomic():
        User.update(**new).where(User.id == user.id).execute()
        if "email" in changed:
            end_links(user)
        audit.append("user:details:changed", by=by, user=user, params={"changed": changed})
    user.__data__.update(new)


def new_hash(user: User, new: str) -> str:
    """Raises Refused for a password that is too easy. It takes its time: call it outside of a transaction."""
    passwords.check_policy(new, *user_details.own_words(user.username, user.name, user.email))
    return passwords.hash(new)


def store_password(user: User, password_hash: str, by: User | None) -> None:
    """Every session of the account ends, and every link that would set another password.

    The caller starts a new session if it should go on.
    """
    with database.atomic():
        User.update(password_hash=password_hash, password_changed_at=clock.now()).where(
            User.id == user.id
        ).execute()
        sessions.end_all(user)
        end_links(user)
        audit.append("user:password:changed", by=by, user=user)
    user.password_hash = password_hash


def end_links(user: User) -> None:
    """Links that were mailed to the account open nothing any more."""
    OneTimeLink.delete().where(OneTimeLink.user == user).execute()


def administrators() -> Any:
    """Everybody who can administer: enabled, with the role, and able to sign in."""
    with_role = UserRole.select(UserRole.user).where(UserRole.role == Role.ADMINISTRATOR)
    may_sign_in = UserRole.select(UserRole.user).where(UserRole.role == Role.USER_PORTAL)
    return User.select().where(~User.is_disabled, User.id.in_(with_role), User.id.in_(may_sign_in))


def _refuse_last_administrator(user: User) -> None:
    roles = {row.role for row in UserRole.select().where(UserRole.user == user)}
    if roles >= ADMINISTERS and not user.is_disabled and administrators().count() <= 1:
        raise Refused(N_("This is the last administrator. Make somebody else one first."))

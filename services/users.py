"""People's accounts: creating them, finding them, and what they may change."""

from __future__ import annotations

import re
from collections.abc import Iterable
from zoneinfo import available_timezones

from models import Role, User, UserRole, database
from services import audit, clock, codes, passwords, phone_numbers, sessions, setting_rules, settings
from services.refused import N_, Refused

USERNAME = re.compile(r"[a-z0-9._@$#-]{1,64}")
ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
LONGEST_NAME = 80
ADMINISTERS = frozenset({Role.USER_PORTAL, Role.ADMINISTRATOR})  # who cannot sign in cannot administer


def normalised(username: str) -> str:
    """User names are compared without case and without spaces around them."""
    return username.strip().casefold()


def find(username: str) -> User | None:
    return User.get_or_none(User.username == normalised(username))


def by_code(code: str) -> User | None:
    return User.get_or_none(User.code == code)


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
    username = normalised(username)
    if not USERNAME.fullmatch(username):
        raise Refused(N_("Use letters without accents, digits and . _ - @ $ # only."), field="username")
    name, email = _checked_name(name), _checked_email(email)
    if password is not None:
        passwords.check_policy(password, *_own_words(username, name, email))
        password_hash = passwords.hash(password)
    with database.atomic():
        if find(username) is not None:
            raise Refused(N_("There is an account with this user name already."), field="username")
        user = User.create(
            code=codes.code(8),
            username=username,
            name=name,
            name_search=name.casefold(),
            last_name_search=name.casefold().split()[-1],
            email=email,
            phone_number=phone_number,
            password_hash=password_hash if password is not None else None,
            password_changed_at=clock.now() if password is not None else None,
            created_at=clock.now(),
        )
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
    name, email = _checked_name(name), _checked_email(email)
    phone_number = phone_numbers.parse(phone_number, settings.load().country)
    if language and language not in setting_rules.LANGUAGES:
        raise Refused(N_("We do not speak this language yet."), field="language")
    if time_zone and time_zone not in available_timezones():
        raise Refused(N_("There is no time zone called that. One is Europe/London."), field="time_zone")
    new = {
        "name": name,
        "name_search": name.casefold(),
        "last_name_search": name.casefold().split()[-1],
        "email": email,
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
        audit.append("user:details:changed", by=by, user=user, params={"changed": changed})
    user.__data__.update(new)


def change_password(user: User, old: str, new: str, by: User) -> None:
    """Change one's own password: the old one is asked for."""
    if not passwords.verify(user.password_hash, old):
        raise Refused(N_("This is not your present password."), field="old_password")
    set_password(user, new, by=by)


def set_password(user: User, new: str, by: User | None) -> None:
    """Set a password and end every session of the account; the caller starts a new one if it should go on."""
    passwords.check_policy(new, *_own_words(user.username, user.name, user.email))
    password_hash = passwords.hash(new)
    with database.atomic():
        User.update(password_hash=password_hash, password_changed_at=clock.now()).where(
            User.id == user.id
        ).execute()
        sessions.end_all(user)
        audit.append("user:password:changed", by=by, user=user)
    user.password_hash = password_hash


def administrators() -> int:
    """How many people can administer: enabled, with the role, and able to sign in."""
    with_role = UserRole.select(UserRole.user).where(UserRole.role == Role.ADMINISTRATOR)
    may_sign_in = UserRole.select(UserRole.user).where(UserRole.role == Role.USER_PORTAL)
    return User.select().where(~User.is_disabled, User.id.in_(with_role), User.id.in_(may_sign_in)).count()


def _refuse_last_administrator(user: User) -> None:
    roles = {row.role for row in UserRole.select().where(UserRole.user == user)}
    if roles >= ADMINISTERS and not user.is_disabled and administrators() <= 1:
        raise Refused(N_("This is the last administrator. Make somebody else one first."))


def _checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused(N_("Give a name of 1 to %(most)s characters."), field="name", most=LONGEST_NAME)
    return name


def _checked_email(email: str) -> str:
    email = email.strip()
    if email and not ADDRESS.fullmatch(email):
        raise Refused(N_("This is not an e-mail address."), field="email")
    return email


def _own_words(username: str, name: str, email: str) -> tuple[str, ...]:
    return (username, name, email.replace("@", " ").replace(".", " "), "muster", settings.load().organisation)

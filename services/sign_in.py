"""Checking who somebody is: one answer for every failure, and waits that grow."""

from __future__ import annotations

from collections.abc import Callable

from models import AuditEntry, Role, User, UserSession, database
from services import audit, clock, outbox, passwords, permissions, sessions, settings, throttle, users
from services.codes import digest
from services.refused import N_, Refused
from services.user_details import normalised

ACCOUNT_LIMIT = 30  # failures on one account from anywhere, before new browsers wait
ACCOUNT_LONGEST_WAIT = 120  # seconds: a stranger must not be able to keep the owner out
ADDRESS_LIMIT = 60  # failures from one address, over all accounts, before it counts as one that floods us
FLOOD_PAUSE = 5  # seconds between two tries from such an address: whoever sits behind it too still gets in


class Wrong(Refused):
    """Unknown name, wrong password, too many tries, or a disabled account: nobody learns which."""

    def __init__(self) -> None:
        super().__init__(
            N_("That did not work. Check the user name and the password. After several tries, wait a while."),
            field="password",
        )


class TooMany(Exception):
    """This address has failed too often. `seconds` says how long this try has to wait.

    No sentence beside a field, as Refused has: whoever asked gets a page of its own (429).
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(seconds)
        self.seconds = seconds


def attempt(username: str, password: str, address: str, known_browser: bool = False) -> User:
    """Who gave this name and password? Raises Wrong or TooMany."""

    def is_right(user: User | None) -> bool:
        return passwords.verify(user.password_hash if user else None, password)

    return attempt_with(username, is_right, address, "browser" if known_browser else "")


def attempt_with(
    username: str, is_right: Callable[[User | None], bool], address: str, known_by: str = ""
) -> User:
    """The same for any proof: `is_right` gets the user, or None when it must say no in the same time.

    `known_by` names what no stranger has: a browser in which the account was signed in before ("browser"), or a link
    that was made for it ("link"). Whoever has it waits for what failed with it, and for nothing that strangers did.
    """
    name = normalised(username)[:200]
    account = _account(name)
    is_flooded = throttle.wait(_flood(address)) > 0
    keys = _keys(account, address, known_by, is_flooded)
    # Each one counts the attempt, until one says wait: who waits at one address is not counted against others.
    seconds = next(filter(None, (throttle.allow(*key) for key in keys)), 0)
    if seconds and is_flooded:
        raise TooMany(seconds)  # before a hash is computed: that would keep everybody waiting

    user = users.find(name)
    is_proved = is_right(None if seconds else user)
    if user is None or not is_proved or user.is_disabled or not permissions.has_role(user, Role.USER_PORTAL):
        count_failure(address)
        audit.append("user:sign_in:failed", by=None, user=user, text={"address": address})
        raise Wrong()
    for key, _, _ in keys:
        throttle.forget(key)
    return user


def prove_again(user: User, password: str, address: str) -> None:
    """The person is signed in and gives the password once more. Raises Wrong or TooMany."""
    attempt(user.username, password, address, known_browser=True)


def let_in(
    user: User, browser: str, address: str, new_browser: str = "", before: UserSession | None = None
) -> str:
    """Open a session for somebody who proved who they are. Returns its token.

    The session that this browser had `before` ends. `new_browser` names in words a browser that the account was never
    in: its owner gets a mail.
    """
    with database.atomic():
        if before is not None:
            sessions.end(before)
        token = sessions.start(user, browser, address)
        if new_browser:
            _tell_of_new_browser(user, new_browser, address)
        audit.append("user:sign_in:done", by=user, user=user, text={"address": address})
    return token


def sign_out(session: UserSession) -> None:
    with database.atomic():
        sessions.end(session)
        audit.append("user:sign_out:done", by=session.user, user=session.user)


def forgive(user: User) -> None:
    """The person proved who they are in another way: what failed before keeps nobody waiting."""
    throttle.forget_all(_account(user.username))


def count_failure(address: str) -> None:
    """A password or another secret was wrong: it counts against the address, whichever account it was for."""
    throttle.allow(_flood(address), ADDRESS_LIMIT)


def _tell_of_new_browser(user: User, browser: str, address: str) -> None:
    """In the transaction of the sign-in, before its entry: at the very first one there is nothing to wonder about."""
    before = AuditEntry.select().where(
        AuditEntry.actor == user.code, AuditEntry.action == "user:sign_in:done"
    )
    if user.email and settings.load().notifies("new_sign_in") and before.exists():
        params = {"browser": browser, "address": address, "at": clock.now()}
        outbox.queue("new_sign_in", user=user, recipient=user.email, params=params)


def _keys(account: str, address: str, known_by: str, is_flooded: bool) -> list[tuple[str, int, int]]:
    """What counts an attempt: key, limit, and the longest wait in seconds.

    From an address that floods us each name has one try before its waits grow, and all together one in five seconds.
    """
    most = settings.load().sign_in_failures
    if known_by:
        return [(f"{account}:{known_by}", most, throttle.LONGEST_WAIT)]
    network = throttle.network(address)
    return [
        *([(f"flood:{network}", 1, FLOOD_PAUSE)] if is_flooded else []),
        (f"{account}:{network}", 1 if is_flooded else most, throttle.LONGEST_WAIT),
        (account, ACCOUNT_LIMIT, ACCOUNT_LONGEST_WAIT),
    ]


def _flood(address: str) -> str:
    return f"address:{throttle.network(address)}"


def _account(name: str) -> str:
    """How every key of the account's throttle begins."""
    return f"account:{digest(name)}"

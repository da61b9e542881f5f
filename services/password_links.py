"""A forgotten password: a link by mail that sets a new one, once, within the hour."""

from __future__ import annotations

from models import Message, OneTimeLink, Role, User, database
from services import audit, clock, codes, outbox, passwords, permissions, sign_in, throttle, users
from services.refused import N_, Refused
from services.user_details import normalised

PURPOSE = "set_password"
LINK_SECONDS = 3600
ASKED_FROM_ADDRESS = 30  # times before the address waits, whomever it asks for
SENT_TO_ACCOUNT = 3  # mails before an account waits: nobody's mailbox is filled by strangers
LONGEST_WAIT = 3600
MOST_WITH_ADDRESS = 5  # accounts that may share one mail address


class Dead(Refused):
    """The link was used, has run out, was replaced by a newer one, or nobody made it."""

    def __init__(self) -> None:
        super().__init__(
            N_("This link does not work any more. It works once, for an hour; a newer one ends it.")
        )


def ask(typed: str, address: str) -> None:
    """Somebody forgot the password of the account with this user name or mail address.

    Nobody learns whether there is one: the same is done for every name, except that a mail is queued. Raises
    sign_in.TooMany for an address that asks too often.
    """
    seconds = throttle.allow(f"forgotten:{throttle.network(address)}", ASKED_FROM_ADDRESS)
    if seconds:
        raise sign_in.TooMany(seconds)
    name = normalised(typed)[:320]
    is_too_often = throttle.allow(f"set_password:{codes.digest(name)}", SENT_TO_ACCOUNT, LONGEST_WAIT)
    passwords.verify(None, name)  # the time that this takes hides what else is done, or not
    found = [] if is_too_often else _accounts(name)
    with database.atomic():
        for user in found:
            send(user)
            audit.append("user:password:asked", by=None, user=user, text={"address": address})
        if not found:
            audit.append("user:password:asked", by=None, text={"address": address})


def send(user: User) -> None:
    """Mail the account a link; the one before it is dead. In the caller's transaction, if there is one."""
    token, now = codes.secret(), clock.now()
    with database.atomic():
        users.end_links(user)
        outbox.call_off((Message.user == user) & (Message.kind == PURPOSE) & Message.state.in_(outbox.UNSENT))
        OneTimeLink.create(
            token_hash=codes.digest(token),
            purpose=PURPOSE,
            user=user,
            created_at=now,
            expires_at=now + LINK_SECONDS,
        )
        params = {"link": f"/set-password/{token}", "expires_at": now + LINK_SECONDS}
        outbox.queue(PURPOSE, user=user, recipient=user.email, params=params)


def digest_of(token: str) -> str:
    """What a browser keeps of a link that it opened."""
    return codes.digest(token[:200])


def account_behind(digest: str) -> User | None:
    """Whose password the link sets, if it still lives. Looking uses nothing up."""
    link = OneTimeLink.get_or_none(*_still_works(digest))
    user: User | None = link.user if link is not None else None
    return user if user is not None and _may_set(user) else None


def use(digest: str, password: str) -> User:
    """Set the password and use the link up; every session of the account ends.

    Raises Dead, or Refused for a password that is too easy: the link then still works. Of many at once one wins.
    """
    user = account_behind(digest)
    if user is None:
        raise Dead()
    password_hash = users.new_hash(user, password)  # before the transaction, which must not wait for it
    with database.atomic():
        if OneTimeLink.delete().where(*_still_works(digest)).execute() != 1:
            raise Dead()
        users.store_password(user, password_hash, by=user)
        sign_in.forgive(user)
    return user


def _accounts(name: str) -> list[User]:
    """Found by user name first; by mail address, there may be several."""
    by_name = users.find(name)
    found: list[User] = [by_name] if by_name is not None else []
    if not found:
        found = list(User.select().where(User.email_search == name).limit(MOST_WITH_ADDRESS))
    return [user for user in found if name and _may_set(user)]


def _may_set(user: User) -> bool:
    """Local accounts that may sign in, and that a mail reaches."""
    return (
        user.password_hash is not None
        and bool(user.email)
        and not user.is_disabled
        and permissions.has_role(user, Role.USER_PORTAL)
    )


def _still_works(digest: str) -> tuple[object, ...]:
    return (
        OneTimeLink.token_hash == digest,
        OneTimeLink.purpose == PURPOSE,
        OneTimeLink.expires_at > clock.now(),
    )

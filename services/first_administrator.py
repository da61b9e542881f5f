"""The very first account: made by whoever started the server, through a link that works once."""

from __future__ import annotations

from models import OneTimeLink, Role, User, database
from services import clock, codes, users
from services.refused import N_, Refused

PURPOSE = "first administrator"
LINK_SECONDS = 24 * 3600
ROLES = frozenset(Role)


def is_wanted() -> bool:
    """Is there nobody yet who can administer?"""
    return not users.administrators().exists()


def open_link() -> str:
    """A new link; the ones before it are dead. Returns its token, which is kept nowhere else."""
    token, now = codes.secret(), clock.now()
    with database.atomic():
        OneTimeLink.delete().where(OneTimeLink.purpose == PURPOSE).execute()
        OneTimeLink.create(
            token_hash=codes.digest(token), purpose=PURPOSE, created_at=now, expires_at=now + LINK_SECONDS
        )
    return token


def is_open(token: str) -> bool:
    """Does the link still work? Looking uses nothing up."""
    return is_wanted() and OneTimeLink.select().where(*_still_works(token)).exists()


def create(token: str, username: str, name: str, email: str, password: str) -> User:
    """Use the link up and create the account, with every role. Raises Refused.

    Of many at once one wins: the link goes and the account comes in the same transaction.
    """
    # Before the transaction, which must not wait for a hash.
    columns = users.new_columns(username, name, email, password)
    with database.atomic():
        used = OneTimeLink.update(used_at=clock.now()).where(*_still_works(token)).execute()
        if used != 1 or not is_wanted():
            raise Refused(
                N_("This link was used already, or has run out. Start the server again for a new one.")
            )
        return users.add(columns, ROLES, by=None)


def _still_works(token: str) -> tuple[object, ...]:
    return (
        OneTimeLink.token_hash == codes.digest(token[:200]),
        OneTimeLink.purpose == PURPOSE,
        OneTimeLink.used_at.is_null(),
        OneTimeLink.expires_at > clock.now(),
    )

"""What may stand in an account: user names, names and addresses, checked and made to be found."""

from __future__ import annotations

import re

from services import settings
from services.refused import N_, Refused

USERNAME = re.compile(r"[a-z0-9._@$#-]{1,64}")
ADDRESS = re.compile(r"[^\s@<>\"(),:;\\\[\]]{1,64}@[A-Za-z0-9]([A-Za-z0-9.-]{0,251}[A-Za-z0-9])?")
LONGEST_NAME = 80


def normalised(username: str) -> str:
    """User names are compared without case and without spaces around them."""
    return username.strip().casefold()


def checked_username(username: str) -> str:
    username = normalised(username)
    if not USERNAME.fullmatch(username):
        raise Refused(N_("Use letters without accents, digits and . _ - @ $ # only."), field="username")
    return username


def checked_name(name: str) -> str:
    name = " ".join(name.split())
    if not 1 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise Refused(N_("Give a name of 1 to %(most)s characters."), field="name", most=LONGEST_NAME)
    return name


def checked_email(email: str) -> str:
    email = email.strip()
    if email and not ADDRESS.fullmatch(email):
        raise Refused(N_("This is not an e-mail address."), field="email")
    return email


def to_search(name: str, email: str) -> dict[str, str]:
    """What people are found by: the beginning of their name or last name, and their address, in any case."""
    return {
        "name_search": name.casefold(),
        "last_name_search": name.casefold().split()[-1],
        "email_search": email.casefold(),
    }


def own_words(username: str, name: str, email: str) -> tuple[str, ...]:
    """What a password may not be made of."""
    return (username, name, email.replace("@", " ").replace(".", " "), "muster", settings.load().organisation)

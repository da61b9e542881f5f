"""Passwords and PINs: argon2id hashes, and which passwords are too easy."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import pairwise
from pathlib import Path
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from models import database
from services import turns
from services.refused import N_, Refused

SHORTEST = 15  # NIST SP 800-63B-4: the password is the only factor
LONGEST = 1024
_COMMON = Path(__file__).with_name("common_passwords.txt")
AT_ONCE = 2  # hashes computed at the same time: each takes 19 MiB and a core for 25 ms

hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_at_once = BoundedSemaphore(AT_ONCE)


def hash(value: str) -> str:
    """argon2id with a salt of its own."""
    with _computing():
        return hasher.hash(value)


def verify(password_hash: str | None, value: str) -> bool:
    """Does the value belong to the hash? Without a hash it takes the same time and says no."""
    if len(value) > LONGEST or not _is_text(value):
        value, password_hash = "", None
    with _computing():
        try:
            hasher.verify(password_hash or _nobodys_hash(hasher), value)
        except (VerificationError, InvalidHashError):
            return False
    return bool(password_hash)


def check_policy(password: str, *own_words: str) -> None:
    """Refuse what is too short, too long, common, or made of the person's own words (ASVS 5.0, 6.2)."""
    if len(password) < SHORTEST:
        raise Refused(
            N_("Use at least %(least)s characters. A few words in a row will do."),
            field="password",
            least=SHORTEST,
        )
    if len(password) > LONGEST:
        raise Refused(N_("Use at most %(most)s characters."), field="password", most=LONGEST)
    if "\0" in password or not _is_text(password):
        raise Refused(N_("This has characters that cannot be used."), field="password")
    if _is_common(password) or _is_own_words(password, own_words):
        raise Refused(
            N_("This is easy to guess: it is a common password, or your own name. Choose another."),
            field="password",
        )


@contextmanager
def _computing() -> Iterator[None]:
    """Never in a transaction: SQLite lets one writer in at a time, and everybody else would wait for the hash."""
    if database.in_transaction():
        raise RuntimeError("a password is hashed inside a transaction")
    with turns.given_up(), _at_once:
        yield


def _is_text(value: str) -> bool:
    """Lone surrogates cannot be encoded, so they cannot be hashed."""
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


@cache
def _nobodys_hash(with_hasher: PasswordHasher) -> str:
    return with_hasher.hash("nobody has this password")


def _is_common(password: str) -> bool:
    """In the list, mostly spaces, a short pattern repeated, or a listed word written again and again."""
    folded = "".join(password.casefold().split())
    if folded in _common() or len(folded) < SHORTEST // 2:
        return True
    for length in range(1, len(folded)):
        is_repeated = (folded[:length] * (len(folded) // length + 1))[: len(folded)] == folded
        if is_repeated and (length <= len(folded) // 2 or folded[:length] in _common()):
            return True
    steps = {ord(second) - ord(first) for first, second in pairwise(folded)}
    return len(steps) == 1  # abcdefghijklmnop


def _is_own_words(password: str, own_words: tuple[str, ...]) -> bool:
    """Nothing worth guessing is left once the person's own words are taken out."""
    rest = password.casefold()
    words = (word.casefold() for phrase in own_words for word in phrase.split())
    for word in sorted(words, key=len, reverse=True):  # the longest first: it may hold a shorter one
        if len(word) >= 3:
            rest = rest.replace(word, "")
    return len(rest) < SHORTEST // 2 and len(rest) < len(password)


@cache
def _common() -> frozenset[str]:
    """Widely used passwords of 8 characters and more, from public lists of leaked ones."""
    return frozenset(_COMMON.read_text("utf-8").replace(" ", "").splitlines())

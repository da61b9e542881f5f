"""Failed attempts, counted in the database: exact across processes, with a wait that grows and ends."""

from ipaddress import IPv6Address, ip_address

from models import Throttle, database
from services import clock

FIRST_WAIT = 30  # seconds, doubled with every further failure
LONGEST_WAIT = 900
FORGET_AFTER = 24 * 3600  # seconds without an attempt
NETWORK_BITS = 64  # of an IPv6 address: the rest belongs to whoever has one of them (RFC 6177)


def network(address: str) -> str:
    """What counts as one sender: an IPv4 address, or the /64 around an IPv6 address. No address is a sender, too."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    if not isinstance(parsed, IPv6Address):
        return address
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    beginning = int(parsed) >> NETWORK_BITS << NETWORK_BITS
    return f"{IPv6Address(beginning)}/{NETWORK_BITS}"


def allow(key: str, limit: int, longest_wait: int = LONGEST_WAIT) -> int:
    """Count one attempt before it is made. 0: go on. Otherwise: seconds to wait, and nothing was counted.

    The attempt counts as a failure until `forget` says that it succeeded, so that no number of attempts
    in parallel gets past the limit.
    """
    now = clock.now()
    with database.atomic():
        row = Throttle.get_or_none(Throttle.key == key)
        if row is not None and row.blocked_until > now:
            return int(row.blocked_until - now)
        failures = row.failures + 1 if row is not None and now - row.last_at < FORGET_AFTER else 1
        over = failures - limit
        blocked_until = now + min(FIRST_WAIT * 2 ** min(over, 20), longest_wait) if over >= 0 else 0
        counted = {"failures": failures, "last_at": now, "blocked_until": blocked_until}
        Throttle.insert(key=key, **counted).on_conflict(
            conflict_target=[Throttle.key], update=counted
        ).execute()
    return 0


def wait(key: str) -> int:
    """Seconds until an attempt under this key is allowed; 0: now. Counts nothing."""
    row = Throttle.get_or_none(Throttle.key == key)
    return max(0, int(row.blocked_until - clock.now())) if row is not None else 0


def forget(key: str) -> None:
    """The attempt succeeded: the count starts again."""
    with database.atomic():
        Throttle.delete().where(Throttle.key == key).execute()


def forget_all(beginning: str) -> None:
    """The count starts again for every key that begins like this."""
    with database.atomic():
        Throttle.delete().where(Throttle.key >= beginning, Throttle.key < beginning + "\U0010ffff").execute()


def purge() -> None:
    """Drop what nobody has tried for a day."""
    with database.atomic():
        Throttle.delete().where(Throttle.last_at < clock.now() - FORGET_AFTER).execute()

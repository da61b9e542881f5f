"""When a session ends, for the script that warns of it: every page of a person who is signed in carries it."""

from __future__ import annotations

from blueprints.shared import access, organisation
from services import clock, sessions


def seconds() -> str:
    """Three numbers: until it ends as it is; from the next click on; and at the latest, whatever is clicked."""
    here, rules, now = access.signed_in().session, organisation.current(), clock.now()
    idle = rules.idle_minutes * 60
    as_it_is = here.last_seen_at + idle - now
    after_a_click = idle - sessions.SEEN_EVERY  # that one is written down at most so often
    at_the_latest = here.created_at + rules.absolute_hours * 3600 - now
    return f"{as_it_is} {after_a_click} {at_the_latest}"

"""Moments as people say them, in the reader's language and time zone: for pages inside <time>, or as plain text."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import flask_babel
from babel import dates
from flask_babel import gettext as _
from flask_babel import ngettext
from markupsafe import Markup

from services import clock

JUST_NOW = 45  # seconds; a clock that runs ahead of ours makes no negative ages
MINUTE, HOUR, DAY = 60, 3600, 86_400


def ago(at: int) -> Markup:
    """2 minutes ago."""
    return _time(at, ago_text(at))


def ago_text(at: int) -> str:
    age = clock.now() - at
    if age < JUST_NOW:
        return _("just now")
    age = max(age, MINUTE)
    return dates.format_timedelta(
        timedelta(seconds=-age), add_direction=True, threshold=1, locale=flask_babel.get_locale()
    )


def clock_time(at: int) -> Markup:
    """14:32 today; 14:32 tomorrow; 14:32 on 6 March."""
    return _time(at, clock_text(at))


def clock_text(at: int) -> str:
    """The same without the <time>, for mails."""
    moment = _local(at)
    words = {"time": _hour(moment), "day": _date(moment.date())}
    if moment.date() == _today():
        return _("%(time)s today", **words)
    if moment.date() == _today() + timedelta(days=1):
        return _("%(time)s tomorrow", **words)
    if moment.date() == _today() - timedelta(days=1):
        return _("%(time)s yesterday", **words)
    return _("%(time)s on %(day)s", **words)


def log_time(at: int) -> Markup:
    """Today 10:40; Yesterday 16:05; 15 April. For the margin of a history."""
    moment = _local(at)
    if moment.date() == _today():
        return _time(at, _("Today %(time)s", time=_hour(moment)))
    if moment.date() == _today() - timedelta(days=1):
        return _time(at, _("Yesterday %(time)s", time=_hour(moment)))
    return _time(at, _date(moment.date()))


def day(at: int) -> Markup:
    """6 March 2026."""
    return _time(at, dates.format_date(_local(at).date(), "long", locale=flask_babel.get_locale()))


def exact(at: int) -> Markup:
    """6 March 2026, 10:38:02."""
    return _time(at, exact_text(at))


def exact_text(at: int) -> str:
    moment, locale = _local(at), flask_babel.get_locale()
    return _(
        "%(day)s, %(time)s",
        day=dates.format_date(moment.date(), "long", locale=locale),
        time=dates.format_time(moment.time(), "medium", locale=locale),
    )


def time_left(at: int) -> str:
    """3 hours 58 minutes: two steps at most, rounded up, so that nobody reads 0 minutes while some are left."""
    left = max(0, at - clock.now())
    minutes = -(-left // MINUTE)
    days, hours, minutes = minutes // 1440, minutes // 60 % 24, minutes % 60
    steps = [
        ngettext("%(num)s day", "%(num)s days", days) if days else "",
        ngettext("%(num)s hour", "%(num)s hours", hours) if hours else "",
        ngettext("%(num)s minute", "%(num)s minutes", minutes) if minutes and not days else "",
    ]
    return " ".join(step for step in steps if step) or ngettext("%(num)s minute", "%(num)s minutes", 0)


def iso(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _time(at: int, text: str) -> Markup:
    return Markup('<time datetime="{}">{}</time>').format(iso(at), text)


def _local(at: int) -> datetime:
    return datetime.fromtimestamp(at, flask_babel.get_timezone())


def _today() -> date:
    return _local(clock.now()).date()


def _hour(moment: datetime) -> str:
    return dates.format_time(moment.time(), "short", locale=flask_babel.get_locale())


def _date(moment: date) -> str:
    """6 March, and the year when it is another one. MMMMd is a skeleton of CLDR's."""
    locale = flask_babel.get_locale()
    if moment.year == _today().year:
        return dates.format_skeleton("MMMMd", moment, locale=locale)
    return dates.format_date(moment, "long", locale=locale)

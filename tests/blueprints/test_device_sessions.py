"""What a cookie holds is remembered once its signature was verified, and no longer than the cookie counts."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask

from models import User
from tests.conftest import Clock, Visitor

DAY = 86_400


def test_a_cookie_that_has_grown_too_old_holds_nothing_though_it_was_read_before(
    app: Flask,
    alice: User,
    visit: Callable[[User | None], Visitor],
    clock: Clock,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    browser = visit(alice)
    browser.get("/account")
    cookie = browser.client.get_cookie("muster")
    assert cookie is not None
    made_at = time.time()

    def holds(days: float) -> bool:
        """That many days later, as Flask's signature and our own clock see it."""
        clock.now += days * DAY - (time.time() - made_at)
        monkeypatch.setattr(time, "time", lambda: made_at + days * DAY)
        with app.test_request_context(headers={"Cookie": f"muster={cookie.value}"}) as context:
            return bool(context.session)

    assert holds(0)
    assert holds(30.9)
    assert not holds(32)

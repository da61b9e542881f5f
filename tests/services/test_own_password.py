"""Changing one's own password: the present one is asked for, and cannot be guessed at."""

from __future__ import annotations

import pytest

from models import Throttle, User, UserSession
from services import own_password, passwords, sessions, settings
from services.refused import Refused
from tests.conftest import PASSWORD
from tests.services.conftest import audited

NEW = "nine green bottles of rain"


def test_the_old_one_is_asked_for(alice: User) -> None:
    with pytest.raises(Refused) as refused:
        own_password.change(alice, "wrong", NEW)
    assert refused.value.field == "old_password"
    own_password.change(alice, PASSWORD, NEW)
    assert passwords.verify(User.get_by_id(alice.id).password_hash, NEW)
    assert audited(alice)[-1] == "user:password:changed"
    assert Throttle.select().count() == 0


def test_the_new_one_keeps_the_policy(alice: User) -> None:
    with pytest.raises(Refused) as refused:
        own_password.change(alice, PASSWORD, "alice moreno 12")
    assert refused.value.field == "password"
    assert passwords.verify(User.get_by_id(alice.id).password_hash, PASSWORD)


def test_this_browser_goes_on_and_every_other_is_signed_out(alice: User) -> None:
    elsewhere = sessions.start(alice)
    token = own_password.change(alice, PASSWORD, NEW, "Firefox", "192.0.2.1")
    assert sessions.load(elsewhere) is None
    assert sessions.load(token).user == alice
    assert [(row.browser, row.address) for row in UserSession.select()] == [("Firefox", "192.0.2.1")]


def test_it_cannot_be_guessed_at_from_a_session_left_open(alice: User) -> None:
    for _ in range(settings.load().sign_in_failures):
        with pytest.raises(Refused):
            own_password.change(alice, "a wrong password", NEW)
    with pytest.raises(Refused, match="wait a while"):
        own_password.change(alice, PASSWORD, NEW)

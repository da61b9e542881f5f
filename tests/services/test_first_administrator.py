"""The very first account: one link, one account, and never while somebody can administer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models import AuditEntry, OneTimeLink, Role, User
from services import database, first_administrator, permissions, sign_in
from services.data_folder import open_data_folder
from services.refused import Refused
from tests.conftest import PASSWORD, Clock


@pytest.fixture
def empty(tmp_path: Path, clock: Clock) -> Iterator[None]:
    """A database that nobody has an account in."""
    database.close()
    open_data_folder(tmp_path / "empty")
    database.migrate()
    database.connect()
    yield
    database.close()


def create(token: str, username: str = "carol", password: str = PASSWORD) -> User:
    return first_administrator.create(token, username, "Carol Singh", "carol@harbour.example", password)


def test_the_link_creates_an_administrator_with_every_role(empty: None) -> None:
    token = first_administrator.open_link()
    assert first_administrator.is_open(token)
    carol = create(token)
    assert permissions.roles_of(carol) == frozenset(Role)
    assert sign_in.attempt("carol", PASSWORD, "192.0.2.1") == carol
    assert AuditEntry.get().action == "user:account:created"


def test_it_works_once(empty: None) -> None:
    token = first_administrator.open_link()
    create(token)
    assert not first_administrator.is_open(token)
    with pytest.raises(Refused):
        create(token, "mallory")
    assert User.select().count() == 1


def test_only_its_digest_is_kept(empty: None) -> None:
    token = first_administrator.open_link()
    assert token not in str(list(OneTimeLink.select().dicts()))


def test_a_new_link_kills_the_one_before(empty: None) -> None:
    old = first_administrator.open_link()
    new = first_administrator.open_link()
    assert (first_administrator.is_open(old), first_administrator.is_open(new)) == (False, True)


def test_it_lives_a_day(empty: None, clock: Clock) -> None:
    token = first_administrator.open_link()
    clock.move(24 * 3600 - 1)
    assert first_administrator.is_open(token)
    clock.move(1)
    assert not first_administrator.is_open(token)
    with pytest.raises(Refused):
        create(token)


@pytest.mark.parametrize("token", ["", "wrong", "x" * 1_000_000, "\0", "\ud800"])
def test_a_wrong_link_opens_nothing(empty: None, token: str) -> None:
    first_administrator.open_link()
    assert not first_administrator.is_open(token)


def test_a_bad_password_leaves_the_link_open(empty: None) -> None:
    token = first_administrator.open_link()
    with pytest.raises(Refused) as refused:
        create(token, password="short")
    assert refused.value.field == "password"
    assert first_administrator.is_open(token)
    create(token)


def test_of_sixteen_at_once_one_wins(at_once: Callable[..., list[Any]], empty: None) -> None:
    token = first_administrator.open_link()
    names = [f"carol{number}" for number in range(16)]
    answers = at_once(16, lambda: create(token, names.pop()))
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, Refused) for answer in answers) == 15
    assert User.select().count() == 1


def test_with_an_administrator_no_link_is_wanted(carol: User) -> None:
    assert not first_administrator.is_wanted()
    token = first_administrator.open_link()
    assert not first_administrator.is_open(token)
    with pytest.raises(Refused):
        create(token, "mallory")

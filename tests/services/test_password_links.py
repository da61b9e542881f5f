"""A forgotten password: who gets a link, how long it lives, and what using it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import AuditEntry, MessageState, OneTimeLink, Role, User, database
from services import outbox, password_links, sessions, sign_in, users
from services.codes import digest
from services.refused import Refused
from tests.conftest import PASSWORD, Clock, Mail
from tests.services.conftest import audited, last_entry

HERE = "192.0.2.1"
NEW = "eleven quiet tugboats home"
Mailbox = Callable[[], list[Mail]]


def ask(typed: str = "alice") -> None:
    password_links.ask(typed, HERE)


def link_in(mail: Mail) -> str:
    path: str = mail.params["link"]
    assert path.startswith("/set-password/")
    return password_links.digest_of(path.removeprefix("/set-password/"))


@pytest.mark.parametrize("typed", ["alice", " ALICE ", "alice@harbour.example", "Alice@Harbour.Example"])
def test_a_link_goes_to_the_account_by_name_or_address(
    alice: User, mailbox: Mailbox, clock: Clock, typed: str
) -> None:
    ask(typed)
    (mail,) = mailbox()
    assert (mail.kind, mail.recipient, mail.message.user) == ("set_password", "alice@harbour.example", alice)
    assert mail.params["expires_at"] == clock.now + 3600
    assert password_links.account_behind(link_in(mail)) == alice
    assert audited(alice)[-1] == "user:password:asked"
    assert users.find("alice").password_hash == alice.password_hash, "asking changes nothing"


def test_the_database_holds_the_links_digest_only(alice: User, mailbox: Mailbox) -> None:
    ask()
    token = mailbox()[0].params["link"].rpartition("/")[2]
    assert OneTimeLink.get().token_hash == digest(token)
    assert token not in str(OneTimeLink.select().dicts().get())


@pytest.mark.parametrize("typed", ["nobody", "nobody@harbour.example", "", "   ", "x" * 100_000, "%", "\0"])
def test_for_nobody_nothing_is_sent_and_nothing_is_said(mailbox: Mailbox, typed: str) -> None:
    ask(typed)
    assert mailbox() == []
    assert last_entry("user:password:asked").user == ""


@pytest.mark.parametrize("why", ["disabled", "no portal", "no address", "no password of ours"])
def test_no_link_for_who_could_not_use_it(alice: User, mailbox: Mailbox, why: str) -> None:
    if why == "disabled":
        users.disable(alice, by=None)
    elif why == "no portal":
        users.set_roles(alice, {Role.REGISTER}, by=None)
    elif why == "no address":
        User.update(email="", email_search="").where(User.id == alice.id).execute()
    else:
        User.update(password_hash=None).where(User.id == alice.id).execute()
    ask()
    assert mailbox() == []


def test_accounts_that_share_an_address_get_a_link_each(alice: User, bob: User, mailbox: Mailbox) -> None:
    users.change_details(
        bob, by=bob, name="Bob", email="ALICE@harbour.example", phone_number="", language="", time_zone=""
    )
    ask("alice@harbour.example")
    assert {mail.message.user for mail in mailbox()} == {alice, bob}


def test_a_newer_link_ends_the_older_one_and_its_mail(alice: User, mailbox: Mailbox) -> None:
    ask()
    older = link_in(mailbox()[0])
    ask()
    assert password_links.account_behind(older) is None
    assert password_links.account_behind(link_in(mailbox()[1])) == alice
    assert [mail.message.state for mail in mailbox()] == [MessageState.CANCELLED, MessageState.WAITING]


def test_it_lives_an_hour_to_the_second(alice: User, mailbox: Mailbox, clock: Clock) -> None:
    ask()
    link = link_in(mailbox()[0])
    clock.move(3599)
    assert password_links.account_behind(link) == alice
    clock.move(1)
    assert password_links.account_behind(link) is None
    with pytest.raises(password_links.Dead):
        password_links.use(link, NEW)


def test_it_sets_the_password_once_and_ends_every_session(alice: User, mailbox: Mailbox) -> None:
    session = sessions.start(alice)
    ask()
    link = link_in(mailbox()[0])
    password_links.use(link, NEW)
    assert sessions.load(session) is None
    assert sign_in.attempt("alice", NEW, HERE) == alice
    assert last_entry("user:password:changed").actor == alice.code
    with pytest.raises(password_links.Dead):
        password_links.use(link, "another quiet tugboat home")
    assert sign_in.attempt("alice", NEW, HERE) == alice


def test_a_password_that_is_too_easy_leaves_the_link_alive(alice: User, mailbox: Mailbox) -> None:
    ask()
    link = link_in(mailbox()[0])
    for easy in ("short", "alice moreno alice", "a" * 20, "x" * 2000):
        with pytest.raises(Refused) as refused:
            password_links.use(link, easy)
        assert refused.value.field == "password"
    assert password_links.use(link, NEW) == alice


@pytest.mark.parametrize("end", ["password", "address", "disabled"])
def test_it_dies_with_what_it_was_made_for(alice: User, mailbox: Mailbox, end: str) -> None:
    ask()
    link = link_in(mailbox()[0])
    if end == "password":
        users.store_password(alice, users.new_hash(alice, NEW), by=alice)
    elif end == "address":
        users.change_details(
            alice, by=alice, name="Alice", email="a@home.example", phone_number="", language="", time_zone=""
        )
    else:
        users.disable(alice, by=None)
    assert password_links.account_behind(link) is None


def test_links_of_other_kinds_set_no_password(alice: User, clock: Clock) -> None:
    OneTimeLink.create(
        token_hash=digest("t"),
        purpose="first administrator",
        user=alice,
        created_at=0,
        expires_at=clock.now + 9,
    )
    assert password_links.account_behind(digest("t")) is None
    for odd in ("", "t", "x" * 100_000):
        assert password_links.account_behind(odd) is None


def test_of_many_at_the_same_instant_one_wins(
    alice: User, mailbox: Mailbox, at_once: Callable[..., list[Any]]
) -> None:
    ask()
    link = link_in(mailbox()[0])
    results = at_once(12, lambda: password_links.use(link, NEW))
    assert results.count(alice) == 1
    assert sum(isinstance(result, password_links.Dead) for result in results) == 11
    assert audited(alice).count("user:password:changed") == 1


def test_a_mailbox_is_not_filled_by_strangers(alice: User, mailbox: Mailbox, clock: Clock) -> None:
    for _ in range(20):
        ask()
    assert len(mailbox()) == password_links.SENT_TO_ACCOUNT
    clock.move(3600)
    ask()
    assert len(mailbox()) == password_links.SENT_TO_ACCOUNT + 1


def test_an_address_that_asks_too_often_waits(
    alice: User, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_links, "ASKED_FROM_ADDRESS", 3)
    for number in range(3):
        ask(f"nobody{number}")
    with pytest.raises(sign_in.TooMany) as waits:
        ask()
    assert waits.value.seconds > 0
    assert mailbox() == []
    password_links.ask("alice", "192.0.2.2")
    assert len(mailbox()) == 1


def test_who_was_made_to_wait_at_sign_in_need_not_after_it(alice: User, mailbox: Mailbox) -> None:
    for _ in range(7):
        with pytest.raises(sign_in.Wrong):
            sign_in.attempt("alice", "wrong", HERE)
    with pytest.raises(sign_in.Wrong):
        sign_in.attempt("alice", PASSWORD, HERE)
    ask()
    password_links.use(link_in(mailbox()[0]), NEW)
    assert sign_in.attempt("alice", NEW, HERE) == alice


@pytest.mark.parametrize("typed", ["alice", "nobody"])
def test_a_hash_is_computed_and_an_entry_written_for_every_name(
    alice: User, monkeypatch: pytest.MonkeyPatch, typed: str
) -> None:
    """So that the time tells nothing: these two take nearly all of it."""
    computed: list[object] = []
    monkeypatch.setattr("services.passwords.verify", lambda *given: computed.append(given))
    before = AuditEntry.select().count()
    ask(typed)
    assert len(computed) == 1
    assert AuditEntry.select().count() == before + 1
    assert database.transaction_depth() == 0


def test_a_link_is_queued_with_its_secret_encrypted(alice: User, mailbox: Mailbox) -> None:
    ask()
    message = mailbox()[0].message
    assert mailbox()[0].params["link"].encode() not in bytes(message.params)
    outbox.sent(message)
    assert mailbox()[0].params == {}

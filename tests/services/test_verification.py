"""The person's half of joining: what a link opens, what /go asks for, and who gets the enrolment token."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Device, Registration, Role, Status, Throttle, User, Way
from services import clock as the_clock
from services import enrolment_tokens, passwords, registrations, sign_in, throttle, users, verification
from services.codes import digest
from services.refused import Refused
from services.registrations import Issued
from services.sign_in import TooMany, Wrong
from services.verification import Gone
from tests.conftest import PASSWORD, Clock
from tests.services.conftest import audited, last_entry, status_of

HERE, ELSEWHERE = "192.0.2.1", "198.51.100.7"
HOUR = 3600


@pytest.fixture
def issued(alice: User) -> Issued:
    return registrations.start(alice, "linux", Way.QR, by=alice)


@pytest.fixture
def with_pin(alice: User) -> Issued:
    return registrations.start(alice, "linux", Way.PIN, by=alice)


@pytest.fixture
def with_both(alice: User, decide: Callable[..., None]) -> Issued:
    decide(proof_linux="both")
    return registrations.start(alice, "linux", Way.QR, by=alice)


def fresh(issued: Issued) -> Registration:
    return Registration.get_by_id(issued.registration.id)


def prove(issued: Issued, password: str = PASSWORD, pin: str = "", **more: Any) -> Registration:
    return verification.prove(fresh(issued), "", password, pin, HERE, with_link=True, **more)


def prove_bare(
    username: str,
    password: str = PASSWORD,
    pin: str = "",
    address: str = HERE,
    platform: str = "linux",
    **more: Any,
) -> Registration:
    found = verification.newest_living(username, platform)
    return verification.prove(found, username, password, pin, address, with_link=False, **more)


def wrong_pin(issued: Issued) -> str:
    return "000000" if issued.pin != "000000" else "111111"


# What a link opens


def test_looking_uses_nothing_up(issued: Issued) -> None:
    for _ in range(3):
        assert verification.opened(issued.link) == issued.registration
    assert fresh(issued).__data__ == issued.registration.__data__


@pytest.mark.parametrize("secret", ["", "x", "a" * 100_000, "\0", "\ud800", "' OR 1=1 --"])
def test_a_link_that_nobody_made_opens_nothing(issued: Issued, secret: str) -> None:
    with pytest.raises(Refused) as refused:
        verification.opened(secret)
    assert "does not open anything" in str(refused.value)


def test_neither_the_code_nor_the_digest_opens_anything(issued: Issued) -> None:
    for known in (issued.registration.code, issued.device.code, fresh(issued).link_hash):
        with pytest.raises(Refused):
            verification.opened(known)


def test_a_link_that_has_run_out_says_so_before_and_after_the_worker(issued: Issued, clock: Clock) -> None:
    clock.move(4 * HOUR - 1)
    assert verification.opened(issued.link)
    clock.move(1)
    for _ in range(2):
        with pytest.raises(Gone, match="has run out"):
            verification.opened(issued.link)
        registrations.expire_due()
    assert status_of(issued.device) == Status.EXPIRED


def test_a_link_that_was_used_says_so(issued: Issued) -> None:
    enrolment_tokens.accept(fresh(issued), fresh(issued).issued_at)
    with pytest.raises(Gone, match="used already"):
        verification.opened(issued.link)


@pytest.mark.parametrize("status", [Status.ENROLLING, Status.ACTIVE, Status.RETIRED, Status.EXPIRED])
def test_a_link_stays_used_whatever_became_of_the_device(issued: Issued, status: Status) -> None:
    Registration.update(verified_at=1).execute()
    Device.update(status=status).execute()
    with pytest.raises(Gone, match="used already"):
        verification.opened(issued.link)


def test_a_link_that_was_called_off_says_so(issued: Issued, alice: User) -> None:
    registrations.cancel(issued.registration, by=alice)
    with pytest.raises(Gone, match="called off"):
        verification.opened(issued.link)


def test_a_link_that_was_renewed_is_unknown(issued: Issued, alice: User) -> None:
    registrations.renew(issued.registration, by=alice)
    with pytest.raises(Refused, match="replaced by a newer one"):
        verification.opened(issued.link)


@pytest.mark.parametrize(
    "lose",
    [
        lambda user: users.disable(user, by=None),
        lambda user: users.set_roles(user, {Role.USER_PORTAL}, by=None),
        lambda user: users.set_roles(user, {Role.REGISTER}, by=None),
    ],
    ids=["disabled", "no Register role", "no User Portal role"],
)
def test_the_account_and_its_roles_are_asked_again_at_every_step(
    issued: Issued, alice: User, lose: Callable[[User], None]
) -> None:
    registration = fresh(issued)
    kept = verification.link_digest(issued.link)
    lose(alice)
    for step in (
        lambda: verification.opened(issued.link),
        lambda: prove(issued),
        lambda: enrolment_tokens.accept(registration, registration.issued_at),
    ):
        with pytest.raises(Gone, match="Ask the help desk"):
            step()
    assert verification.still_opens(registration.code, kept) is None
    assert verification.newest_living("alice", "linux") is None
    assert status_of(issued.device) == Status.PENDING


def test_what_an_administrator_started_needs_no_register_role(bob: User, carol: User) -> None:
    issued = registrations.start(bob, "linux", Way.QR, by=carol)
    assert verification.opened(issued.link) == issued.registration


def test_an_opened_link_keeps_opening_in_its_browser_until_it_dies(
    issued: Issued, alice: User, clock: Clock
) -> None:
    code, kept = issued.registration.code, verification.link_digest(issued.link)
    assert verification.still_opens(code, kept) == issued.registration
    assert verification.still_opens(code, digest("another")) is None
    assert verification.still_opens("nothing", kept) is None
    clock.move(4 * HOUR)
    assert verification.still_opens(code, kept) is None
    renewed = registrations.renew(issued.registration, by=alice)
    assert verification.still_opens(code, kept) is None
    assert verification.still_opens(code, verification.link_digest(renewed.link)) == issued.registration


# Bare /go: which registration


def test_bare_go_takes_the_newest_that_can_still_be_used(alice: User, clock: Clock) -> None:
    registrations.start(alice, "linux", Way.QR, by=alice)
    clock.move(60)
    second = registrations.start(alice, "linux", Way.QR, by=alice)
    clock.move(60)
    registrations.start(alice, "macos", Way.QR, by=alice)
    assert verification.newest_living(" ALICE ", "linux") == second.registration
    registrations.cancel(second.registration, by=alice)
    assert verification.newest_living("alice", "linux").id == second.registration.id - 1
    clock.move(4 * HOUR)
    assert verification.newest_living("alice", "linux") is None


def test_bare_go_takes_what_was_renewed_last(alice: User, clock: Clock) -> None:
    first = registrations.start(alice, "linux", Way.QR, by=alice)
    registrations.start(alice, "linux", Way.QR, by=alice)
    clock.move(60)
    registrations.renew(first.registration, by=alice)
    assert verification.newest_living("alice", "linux") == first.registration


@pytest.mark.parametrize("username", ["", "nobody", "bob", "x" * 100_000, "\0", "' OR 1=1 --"])
def test_bare_go_finds_nothing_under_another_name(issued: Issued, username: str) -> None:
    assert verification.newest_living(username, "linux") is None


# Proving with the link


def test_the_password_alone(issued: Issued) -> None:
    assert prove(issued) == issued.registration
    with pytest.raises(Wrong):
        prove(issued, password="something else altogether")


def test_the_pin_alone_with_spaces_and_hyphens_as_people_write_it(with_pin: Issued) -> None:
    pin = with_pin.pin
    for typed in (pin, f" {pin[:3]} {pin[3:]}\t", f"{pin[:3]}-{pin[3:]}"):
        assert prove(with_pin, password="", pin=typed) == with_pin.registration


def test_both_means_both(with_both: Issued) -> None:
    assert prove(with_both, pin=with_both.pin) == with_both.registration
    for password, pin in ((PASSWORD, wrong_pin(with_both)), (PASSWORD, ""), ("wrong", with_both.pin)):
        with pytest.raises(Wrong):
            prove(with_both, password=password, pin=pin)


def test_another_persons_password_proves_nothing(issued: Issued, bob: User) -> None:
    users.store_password(bob, users.new_hash(bob, "quiet island eleven ferries"), by=None)
    with pytest.raises(Wrong):
        prove(issued, password="quiet island eleven ferries")


def test_proving_uses_nothing_up(with_both: Issued) -> None:
    for _ in range(8):
        prove(with_both, pin=with_both.pin)
    assert (fresh(with_both).pin_tries, fresh(with_both).verified_at) == (0, None)


def test_five_wrong_pins_with_the_link_burn_it(with_pin: Issued) -> None:
    for tries in range(1, 6):
        with pytest.raises(Wrong):
            prove(with_pin, password="", pin=wrong_pin(with_pin))
        assert fresh(with_pin).pin_tries == tries
    with pytest.raises(Refused, match="spent") as refused:
        prove(with_pin, password="", pin=with_pin.pin)
    assert refused.value.field == "pin"


def test_four_wrong_pins_do_not(with_pin: Issued) -> None:
    for _ in range(4):
        with pytest.raises(Wrong):
            prove(with_pin, password="", pin=wrong_pin(with_pin))
    assert prove(with_pin, password="", pin=with_pin.pin)


def test_a_new_pin_has_five_tries_of_its_own(with_pin: Issued, alice: User) -> None:
    Registration.update(pin_tries=5).execute()
    renewed = registrations.renew(fresh(with_pin), by=alice)
    assert prove(renewed, password="", pin=renewed.pin)


def test_wrong_pins_at_the_same_instant_get_exactly_five_tries(
    with_pin: Issued, at_once: Callable[..., list[Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    checked = []
    verify = passwords.verify

    def counting(password_hash: Any, value: str) -> Any:
        if password_hash and value == wrong_pin(with_pin):
            checked.append(value)
        return verify(password_hash, value)

    monkeypatch.setattr(passwords, "verify", counting)
    answers = at_once(20, lambda: prove(with_pin, password="", pin=wrong_pin(with_pin)))
    assert sum(isinstance(answer, Wrong) for answer in answers) == 5
    assert all(isinstance(answer, Refused) for answer in answers)
    assert len(checked) == 5


def test_wrong_secrets_count_against_the_address(with_pin: Issued, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sign_in, "ADDRESS_LIMIT", 3)
    for _ in range(3):
        with pytest.raises(Wrong):
            prove(with_pin, password="", pin=wrong_pin(with_pin))
    with pytest.raises(Wrong):
        prove_bare("nobody")
    with pytest.raises(TooMany):
        prove_bare("bob")


def flood(address: str) -> None:
    """Somebody there tried name after name, and took the try that the address had."""
    now = the_clock.now()
    for key in ("address", "flood"):
        Throttle.replace(key=f"{key}:{address}", failures=99, last_at=now, blocked_until=now + 600).execute()


def test_who_has_the_link_waits_for_no_stranger_behind_the_same_address(
    issued: Issued, with_pin: Issued, with_both: Issued
) -> None:
    for _ in range(6):
        with pytest.raises(Wrong):
            sign_in.attempt("alice", "wrong", HERE)
    flood(HERE)
    with pytest.raises(TooMany):
        prove_bare("alice")
    assert prove(issued) == issued.registration
    assert prove(with_pin, password="", pin=with_pin.pin) == with_pin.registration
    assert prove(with_both, pin=with_both.pin) == with_both.registration


def test_who_has_the_link_waits_for_what_failed_with_it(issued: Issued, clock: Clock) -> None:
    for _ in range(6):
        with pytest.raises(Wrong):
            prove(issued, password="wrong")
    with pytest.raises(Wrong):
        prove(issued)
    assert sign_in.attempt("alice", PASSWORD, HERE), "elsewhere nothing has failed"
    clock.move(30)
    assert prove(issued)


def test_a_pin_that_was_not_looked_at_is_not_counted(with_both: Issued) -> None:
    for _ in range(3):
        with pytest.raises(Wrong):
            prove(with_both, password="wrong", pin=with_both.pin)
    Throttle.update(blocked_until=the_clock.now() + 600).execute()
    flood(HERE)
    with pytest.raises(TooMany):
        prove(with_both, pin=with_both.pin)
    assert fresh(with_both).pin_tries == 3


@pytest.mark.parametrize("end", ["cancelled", "expired", "used"])
def test_nothing_is_proved_for_a_registration_that_is_over(
    issued: Issued, alice: User, clock: Clock, end: str
) -> None:
    if end == "cancelled":
        registrations.cancel(issued.registration, by=alice)
    elif end == "expired":
        clock.move(4 * HOUR)
    else:
        enrolment_tokens.accept(fresh(issued), fresh(issued).issued_at)
    with pytest.raises(Gone):
        prove(issued)


# Proving on bare /go


def test_bare_go_with_the_password(issued: Issued) -> None:
    assert prove_bare("Alice") == issued.registration


def test_bare_go_with_the_pin(with_pin: Issued) -> None:
    assert prove_bare("alice", password="", pin=with_pin.pin) == with_pin.registration


def test_a_wrong_pin_on_bare_go_burns_nobodys_pin(with_pin: Issued, clock: Clock) -> None:
    for _ in range(20):
        with pytest.raises(Wrong):
            prove_bare("alice", password="", pin=wrong_pin(with_pin), address=ELSEWHERE)
    assert fresh(with_pin).pin_tries == 0
    assert prove(with_pin, password="", pin=with_pin.pin), "the owner, with the link"
    clock.move(throttle.LONGEST_WAIT)
    assert prove_bare("alice", password="", pin=with_pin.pin) == with_pin.registration


def test_bare_go_shares_the_wait_of_the_sign_in(with_pin: Issued) -> None:
    for _ in range(6):
        with pytest.raises(Wrong):
            prove_bare("alice", password="", pin=wrong_pin(with_pin))
    with pytest.raises(Wrong):
        prove_bare("alice", password="", pin=with_pin.pin)
    with pytest.raises(Wrong):
        sign_in.attempt("alice", PASSWORD, HERE)


def test_bare_go_says_that_nothing_waits_only_to_the_person(issued: Issued, alice: User, bob: User) -> None:
    with pytest.raises(Refused, match="Nothing is waiting"):
        prove_bare("bob")
    with pytest.raises(Refused, match="Nothing is waiting"):
        prove_bare("alice", platform="macos")
    for username, password in (("bob", "wrong"), ("nobody", PASSWORD), ("alice", "wrong")):
        with pytest.raises(Wrong):
            prove_bare(username, password=password)


def test_another_persons_registration_cannot_be_proved_with_ones_own_password(
    issued: Issued, bob: User
) -> None:
    with pytest.raises(Refused):
        verification.prove(fresh(issued), "bob", PASSWORD, "", HERE, with_link=False)


def test_bare_go_always_computes_two_hashes(
    issued: Issued, with_pin: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that the time tells neither whether a registration waits, nor what it asks for."""
    computed = []
    verify = passwords.verify
    monkeypatch.setattr(passwords, "verify", lambda *given: computed.append(given) or verify(*given))
    for username in ("alice", "bob", "nobody"):
        computed.clear()
        with pytest.raises(Refused):
            prove_bare(username, password="wrong", pin="1")
        assert len(computed) == 2, username


# Accepting the terms


def test_accepting_makes_it_verified_and_gives_the_token(issued: Issued, alice: User, clock: Clock) -> None:
    token = enrolment_tokens.accept(fresh(issued), fresh(issued).issued_at)
    kept = fresh(issued)
    assert status_of(issued.device) == Status.VERIFIED
    assert (kept.token_hash, kept.token_expires_at) == (digest(token), clock.now + HOUR)
    assert (kept.verified_at, kept.accepted_terms_at) == (clock.now, clock.now)
    assert token.encode() not in bytes(kept.token), "kept encrypted"
    assert audited(issued.device)[-1] == "device:registration:accepted"
    assert last_entry("device:registration:accepted").actor == alice.code


def test_the_token_is_shown_again_until_it_runs_out(issued: Issued, clock: Clock) -> None:
    assert enrolment_tokens.token_shown_again(issued.registration) is None
    token = enrolment_tokens.accept(fresh(issued), fresh(issued).issued_at)
    clock.move(HOUR - 1)
    assert enrolment_tokens.token_shown_again(issued.registration) == token
    clock.move(1)
    assert enrolment_tokens.token_shown_again(issued.registration) is None


def test_the_token_is_shown_again_to_no_other_browser(issued: Issued) -> None:
    token = enrolment_tokens.accept(fresh(issued), fresh(issued).issued_at, "one")
    assert enrolment_tokens.token_shown_again(issued.registration, "one") == token
    for other in ("", "another", "on"):
        assert enrolment_tokens.token_shown_again(issued.registration, other) is None


def test_accepting_at_the_same_instant_has_one_winner(
    issued: Issued, at_once: Callable[..., list[Any]]
) -> None:
    registration = fresh(issued)
    answers = at_once(24, lambda: enrolment_tokens.accept(fresh(issued), registration.issued_at))
    tokens = [answer for answer in answers if isinstance(answer, str)]
    assert len(tokens) == 1
    assert sum(isinstance(answer, Gone) for answer in answers) == 23
    assert fresh(issued).token_hash == digest(tokens[0])
    assert audited(issued.device).count("device:registration:accepted") == 1


def test_a_renewal_between_proving_and_accepting_wins(issued: Issued, alice: User) -> None:
    registration = prove(issued)
    seen = registration.issued_at
    registrations.renew(fresh(issued), by=alice)
    for held in (registration, fresh(issued)):
        with pytest.raises(Gone):
            enrolment_tokens.accept(held, seen)
    assert status_of(issued.device) == Status.PENDING
    assert fresh(issued).token_hash is None


@pytest.mark.parametrize("end", ["cancelled", "expired", "stored as expired"])
def test_what_is_over_is_not_accepted(issued: Issued, alice: User, clock: Clock, end: str) -> None:
    registration = fresh(issued)
    if end == "cancelled":
        registrations.cancel(fresh(issued), by=alice)
    else:
        clock.move(4 * HOUR)
    if end == "stored as expired":
        registrations.expire_due()
    with pytest.raises(Gone):
        enrolment_tokens.accept(registration, registration.issued_at)
    assert fresh(issued).token_hash is None


def test_cancelling_against_accepting_leaves_no_token_behind(
    issued: Issued, alice: User, at_once: Callable[..., list[Any]]
) -> None:
    def either() -> Any:
        if turn.pop() % 2:
            return registrations.cancel(fresh(issued), by=alice)
        return enrolment_tokens.accept(fresh(issued), issued.registration.issued_at)

    turn = list(range(8))
    at_once(8, either)
    assert status_of(issued.device) == Status.CANCELLED, "a verified one is cancelled too"
    assert (fresh(issued).token_hash, fresh(issued).token) == (None, None)


def test_a_success_does_not_clear_what_the_address_did_elsewhere(issued: Issued) -> None:
    sign_in.count_failure(HERE)
    prove(issued)
    assert Throttle.get(Throttle.key == f"address:{HERE}").failures == 1


def test_nobody_without_a_password_gets_in_by_an_empty_one(issued: Issued, alice: User) -> None:
    User.update(password_hash=None).where(User.id == alice.id).execute()
    for password in ("", PASSWORD):
        with pytest.raises(Wrong):
            prove(issued, password=password)


def test_a_token_that_ran_out_is_earned_again_whatever_the_worker_has_done(
    issued: Issued, clock: Clock
) -> None:
    seen = issued.registration.issued_at
    first = enrolment_tokens.accept(fresh(issued), seen)
    clock.move(HOUR - 1)
    with pytest.raises(Gone, match="used already"):
        verification.opened(issued.link)
    with pytest.raises(Gone):
        enrolment_tokens.accept(fresh(issued), seen)
    assert verification.newest_living("alice", "linux") is None
    clock.move(1)
    assert prove(issued) == verification.opened(issued.link) == issued.registration
    assert prove_bare("alice") == issued.registration
    second = enrolment_tokens.accept(fresh(issued), seen)
    assert status_of(issued.device) == Status.VERIFIED
    assert fresh(issued).token_hash == digest(second) != digest(first)
    assert audited(issued.device)[-3:] == [
        "device:registration:accepted",
        "device:enrolment:expired",
        "device:registration:accepted",
    ]


def test_a_token_that_ran_out_after_its_registration_is_not_earned_again(
    issued: Issued, clock: Clock
) -> None:
    clock.move(3.5 * HOUR)
    enrolment_tokens.accept(fresh(issued), issued.registration.issued_at)
    clock.move(HOUR)
    with pytest.raises(Gone, match="has run out"):
        verification.opened(issued.link)
    with pytest.raises(Gone):
        enrolment_tokens.accept(fresh(issued), issued.registration.issued_at)
    assert fresh(issued).token_hash is None


# A platform that an administrator closed in the meantime


def test_a_link_for_a_platform_that_was_closed_opens_nothing_and_says_why(
    issued: Issued, decide: Callable[..., None]
) -> None:
    decide(platforms="windows,ios")
    with pytest.raises(Gone, match="This kind of device may not be registered here"):
        verification.opened(issued.link)
    assert verification.still_opens(issued.registration.code, digest(issued.link)) is None
    assert verification.newest_living("alice", "linux") is None
    with pytest.raises(Gone, match="This kind of device may not be registered here"):
        enrolment_tokens.accept(issued.registration, issued.registration.issued_at)
    assert status_of(issued.device) == Status.PENDING
    decide(platforms="linux")
    assert verification.opened(issued.link) == issued.registration

"""How many texts a number gets in a day, and what is no number."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from models import Message, MessageState, User
from services import messages, outbox
from services.refused import Refused
from tests.conftest import Clock

NUMBER = "+447700900142"
DAY = 86_400


@pytest.fixture(autouse=True)
def _three_a_day(decide: Callable[..., None]) -> None:
    decide(sms_per_day=3)


def queue(user: User, number: str = NUMBER) -> Message:
    return outbox.queue("invitation", user, number, {"link": "x"}, medium="sms")


def states() -> list[tuple[str, str]]:
    return [(message.state, message.reason) for message in Message.select().order_by(Message.id)]


def test_what_is_over_the_quota_is_kept_as_failed(alice: User, bob: User, clock: Clock) -> None:
    for user in (alice, bob, alice, bob):
        queue(user)
    assert states() == [("waiting", "")] * 3 + [("failed", "quota")]
    assert queue(alice, "+447700900143").state == MessageState.WAITING
    outbox.queue("invitation", alice, "alice@harbour.example", {"link": "x"})
    clock.move(DAY)
    assert [queue(alice).state for _ in range(4)] == ["waiting"] * 3 + ["failed"], "refused ones do not count"


def test_twenty_at_the_same_instant_are_as_many_as_one_after_the_other(
    alice: User, at_once: Callable[..., list[Any]]
) -> None:
    made = at_once(20, lambda: queue(alice))
    assert sorted(message.state for message in made) == ["failed"] * 17 + ["waiting"] * 3
    assert states().count(("failed", "quota")) == 17


def test_no_texts_at_all(alice: User, decide: Callable[..., None]) -> None:
    decide(sms_per_day=0)
    assert queue(alice).reason == "quota"


def test_what_was_called_off_before_it_was_tried_does_not_count(alice: User, carol: User) -> None:
    for _ in range(5):
        messages.cancel(queue(alice), by=carol)
    assert queue(alice).state == MessageState.WAITING


def test_what_is_over_the_quota_is_not_tried_again_before_there_is_room(
    alice: User, carol: User, clock: Clock
) -> None:
    over = [queue(alice) for _ in range(4)][3]
    assert not messages.may_be_retried(over)
    with pytest.raises(Refused, match="as many text messages"):
        messages.retry(over, by=carol)
    assert states() == [("waiting", "")] * 3 + [("failed", "quota")]
    clock.move(DAY)
    assert messages.may_be_retried(over)
    messages.retry(over, by=carol)
    assert states() == [("waiting", "")] * 4


def test_what_is_over_the_quota_can_be_called_off(alice: User, carol: User) -> None:
    over = [queue(alice) for _ in range(4)][3]
    messages.cancel(over, by=carol)
    assert [state for state, _ in states()] == ["waiting"] * 3 + ["cancelled"]


def test_a_text_within_the_quota_is_not_kept_back_by_itself(alice: User, carol: User) -> None:
    last = [queue(alice) for _ in range(3)][2]
    outbox.failed(outbox.claim(3, "sms")[2], "rejected", final=True)
    assert messages.may_be_retried(Message.get_by_id(last.id))
    messages.retry(last, by=carol)
    assert states() == [("sending", "")] * 2 + [("waiting", "")]


def test_old_ones_that_are_tried_again_count_anew(
    alice: User, carol: User, clock: Clock, at_once: Callable[..., list[Any]]
) -> None:
    old = [queue(alice) for _ in range(6)]
    for message in outbox.claim(3, "sms"):
        outbox.failed(message, "rejected", final=True)
    clock.move(2 * DAY)
    left = [Message.get_by_id(message.id) for message in old]
    answers = at_once(6, lambda: messages.retry(left.pop(), by=carol))
    assert answers.count(None) == 3
    assert [state for state, _ in states()].count("waiting") == 3
    assert queue(alice).reason == "quota"


def test_a_mail_has_no_quota(alice: User, carol: User, decide: Callable[..., None]) -> None:
    decide(sms_per_day=0)
    mail = outbox.queue("invitation", alice, alice.email, {"link": "x"})
    assert messages.may_be_retried(mail)
    messages.retry(mail, by=carol)


def test_texts_and_mails_are_claimed_apart(alice: User) -> None:
    text, mail = queue(alice), outbox.queue("invitation", alice, alice.email, {"link": "x"})
    outbox.note_not_configured("sms")
    assert [message.id for message in outbox.claim(10)] == [mail.id]
    assert outbox.is_anything_due("sms")
    assert not outbox.is_anything_due()
    assert [message.id for message in outbox.claim(10, "sms")] == [text.id]


@pytest.mark.parametrize(
    "number",
    [
        "",
        "447700900142",
        "+44",
        "+44 7700",
        f"{NUMBER}\n",
        f"{NUMBER}\r\nBcc: x",
        "+4477009001٤2",
        "+0123456789",
    ],
)
def test_what_is_no_number_is_refused(alice: User, number: str) -> None:
    with pytest.raises(Refused) as refused:
        queue(alice, number)
    assert refused.value.field == "phone_number"
    assert Message.select().count() == 0

"""Messages on their way out: none is lost, none is sent twice without need, and none says what it should not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from models import AuditEntry, Device, Message, MessageState, User
from models import database as db
from services import messages, outbox, settings
from services.refused import Forbidden, Refused
from tests.conftest import Clock

PARAMS = {"link": "the-secret-link", "platform": "linux"}
MakeDevice = Callable[..., Device]


@pytest.fixture
def message(alice: User) -> Message:
    return queue(alice)


def queue(user: User, device: Device | None = None) -> Message:
    return outbox.queue("invitation", user, user.email, PARAMS, device=device)


def fresh(message: Message) -> Message:
    return Message.get_by_id(message.id)


def claimed(message: Message) -> Message:
    (only,) = outbox.claim(10)
    assert only.id == message.id
    return only


def test_what_it_says_is_encrypted_for_its_own_place(message: Message) -> None:
    assert b"the-secret-link" not in bytes(message.params)
    assert outbox.params_of(fresh(message)) == PARAMS


def test_it_goes_with_the_callers_transaction(alice: User) -> None:
    def fails() -> Iterator[None]:
        queue(alice)
        raise RuntimeError
        yield

    with pytest.raises(RuntimeError), db.atomic():
        next(fails())
    assert Message.select().count() == 0


@pytest.mark.parametrize(
    "recipient", ["", "a@b.example\r\nBcc: c@d.example", "a@b.example\n", "a\0@b.example"]
)
def test_a_recipient_with_lines_is_refused(alice: User, recipient: str) -> None:
    with pytest.raises(Refused) as refused:
        outbox.queue("invitation", alice, recipient, PARAMS)
    assert refused.value.field == "email"
    assert Message.select().count() == 0


def test_the_message_id_stays_the_same(message: Message) -> None:
    first = outbox.message_id(message, "muster.example.org")
    outbox.failed(claimed(message), "unreachable")
    assert outbox.message_id(fresh(message), "muster.example.org") == first
    assert first == f"<{message.code}@muster.example.org>"


def test_a_claimed_message_is_not_claimed_again(message: Message) -> None:
    assert [row.id for row in outbox.claim(10)] == [message.id]
    assert outbox.claim(10) == []
    assert not outbox.is_anything_due()


def test_of_many_workers_one_gets_it(alice: User, at_once: Callable[..., list[Any]]) -> None:
    for _ in range(20):
        queue(alice)
    claimed = at_once(8, lambda: [row.id for _ in range(5) for row in outbox.claim(3)])
    got = [number for numbers in claimed for number in numbers]
    assert len(got) == len(set(got)) == 20


def test_what_a_killed_worker_held_comes_back(message: Message, clock: Clock) -> None:
    outbox.claim(10)
    clock.move(59)
    assert outbox.release_stale() == 0
    clock.move(2)
    assert outbox.is_anything_due()
    assert outbox.release_stale() == 1
    assert claimed(message).tries == 2


def test_sent_erases_what_it_said(message: Message, clock: Clock) -> None:
    outbox.sent(claimed(message))
    row = fresh(message)
    assert (row.state, row.sent_at, row.params) == (MessageState.SENT, clock.now, None)
    assert outbox.params_of(row) == {}


def test_it_waits_one_second_then_twice_as_long_up_to_a_quarter_of_an_hour(
    message: Message, clock: Clock, carol: User
) -> None:
    settings.put("message_tries", "50", by=carol)
    waits = []
    for _ in range(12):
        outbox.failed(claimed(message), "unreachable", "Connection refused")
        wait = fresh(message).next_at - int(clock.now)
        clock.move(wait - 1)
        assert outbox.claim(10) == []
        clock.move(1)
        waits.append(wait)
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]


def test_it_is_given_up_after_the_settings_number_of_tries(
    message: Message, clock: Clock, carol: User
) -> None:
    settings.put("message_tries", "3", by=carol)
    for _ in range(3):
        outbox.failed(claimed(message), "timed_out", "the  server\r\nsaid nothing")
        clock.move(1000)
    row = fresh(message)
    assert (row.state, row.reason, row.detail) == (
        MessageState.FAILED,
        "timed_out",
        "the server said nothing",
    )
    assert outbox.claim(10) == []
    assert outbox.params_of(row) == PARAMS, "an administrator can still have it tried again"


def test_a_final_failure_is_given_up_at_once(message: Message) -> None:
    outbox.failed(claimed(message), "rejected_address", "550 no such user", final=True)
    assert fresh(message).state == MessageState.FAILED


def test_what_was_not_tried_counts_no_try(message: Message) -> None:
    outbox.give_back([claimed(message)])
    assert (fresh(message).state, fresh(message).tries) == (MessageState.WAITING, 0)


def test_a_late_worker_does_not_undo_what_another_did(message: Message, clock: Clock) -> None:
    late = claimed(message)
    clock.move(61)
    outbox.release_stale()
    outbox.sent(claimed(message))
    outbox.failed(late, "timed_out")
    assert fresh(message).state == MessageState.SENT


def test_renewing_calls_off_what_waits(alice: User, a_device: MakeDevice) -> None:
    device, other = a_device(alice), a_device(alice)
    old, unrelated = queue(alice, device), queue(alice, other)
    outbox.cancel_waiting(device)
    assert (fresh(old).state, fresh(old).params) == (MessageState.CANCELLED, None)
    assert fresh(unrelated).state == MessageState.WAITING


def test_called_off_while_it_was_sent_it_is_sent_all_the_same(alice: User, a_device: MakeDevice) -> None:
    device = a_device(alice)
    message = queue(alice, device)
    under_way = claimed(message)
    outbox.cancel_waiting(device)
    outbox.failed(under_way, "timed_out")
    assert fresh(message).state == MessageState.CANCELLED
    outbox.sent(under_way)
    assert fresh(message).state == MessageState.SENT


def test_without_a_mail_server_it_says_so_and_counts_no_try(message: Message) -> None:
    outbox.note_not_configured()
    row = fresh(message)
    assert (row.state, row.reason, row.tries) == (MessageState.WAITING, "not_configured", 0)


def test_renewing_calls_off_no_notification(alice: User, a_device: MakeDevice) -> None:
    device = a_device(alice)
    told = outbox.queue("action_done", alice, alice.email, {"entries": []}, device)
    outbox.cancel_waiting(device)
    assert fresh(told).state == MessageState.WAITING
    assert outbox.newest_for(device) is None, "it is about no link"


def test_newest_for_a_device(alice: User, a_device: MakeDevice) -> None:
    device = a_device(alice)
    assert outbox.newest_for(device) is None
    queue(alice, device)
    newest = queue(alice, device)
    found = outbox.newest_for(device)
    assert found is not None
    assert found.id == newest.id


def test_an_administrator_has_it_tried_again(message: Message, carol: User) -> None:
    outbox.failed(claimed(message), "rejected_address", final=True)
    messages.retry(fresh(message), by=carol)
    assert (fresh(message).state, fresh(message).tries) == (MessageState.WAITING, 0)
    assert claimed(message).tries == 1
    entry = AuditEntry.select().order_by(AuditEntry.id.desc()).get()
    assert (entry.action, entry.actor, entry.params) == (
        "message:delivery:retried",
        carol.code,
        {"message": message.code},
    )


def test_an_administrator_cancels_it(message: Message, carol: User) -> None:
    messages.cancel(message, by=carol)
    row = fresh(message)
    assert (row.state, row.params, row.reason) == (MessageState.CANCELLED, None, "cancelled_by_person")
    assert AuditEntry.select().order_by(AuditEntry.id.desc()).get().action == "message:delivery:cancelled"


def test_what_has_ended_can_neither_be_sent_again_nor_cancelled(message: Message, carol: User) -> None:
    outbox.sent(claimed(message))
    row = fresh(message)
    assert not messages.may_be_retried(row)
    assert not messages.may_be_cancelled(row)
    for verb in (messages.retry, messages.cancel):
        with pytest.raises(Refused):
            verb(row, by=carol)


def test_the_help_desk_may_too_and_the_owner_is_told_of_neither(message: Message, dave: User) -> None:
    outbox.failed(claimed(message), "rejected_address", final=True)
    messages.retry(fresh(message), by=dave)
    messages.cancel(fresh(message), by=dave)
    assert fresh(message).state == MessageState.CANCELLED
    assert Message.select().count() == 1


def test_others_may_do_neither(message: Message, alice: User, bob: User) -> None:
    for person in (alice, bob):
        for verb in (messages.retry, messages.cancel):
            with pytest.raises(Forbidden):
                verb(message, by=person)
    assert fresh(message).state == MessageState.WAITING


def test_recent_is_newest_first_by_pages(alice: User) -> None:
    queued = [queue(alice).id for _ in range(5)]
    first = messages.recent(3)
    assert [row.id for row in first] == queued[:-4:-1]
    assert [row.id for row in messages.recent(3, before=first[-1].id)] == queued[1::-1]

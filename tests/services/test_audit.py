"""The chain of what happened: what it holds, how it is read, and that nothing in it can be changed unseen."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from models import AuditEntry, AuditHead, AuditText, Device, User, database
from services import audit, users
from tests.conftest import Clock
from tests.services.conftest import audited


@pytest.fixture
def device(alice: User, a_device: Callable[..., Device]) -> Device:
    return a_device(alice)


@pytest.fixture
def chain(alice: User, carol: User, device: Device) -> list[AuditEntry]:
    """Ten entries on top of the cast's own, some with texts."""
    for number in range(10):
        by = (alice, carol, device, None)[number % 4]
        text = {"reason": f"reason {number}"} if number % 3 == 0 else None
        audit.append(f"device:test:{number}", by=by, device=device, params={"number": number}, text=text)
    assert audit.verify() == []
    return list(AuditEntry.select().order_by(AuditEntry.id))


# What an entry holds


def test_an_entry_says_when_what_who_and_whose(
    alice: User, carol: User, device: Device, clock: Clock
) -> None:
    clock.move(7)
    entry = audit.append("device:lock:requested", by=carol, device=device, params={"command": "abc"})
    row = AuditEntry.get_by_id(entry.id)
    assert (row.at, row.action, row.params) == (clock.now, "device:lock:requested", {"command": "abc"})
    assert (row.actor_kind, row.actor, row.user, row.device) == ("user", carol.code, alice.code, device.code)


def test_devices_and_the_system_act_too(alice: User, device: Device) -> None:
    by_device = audit.append("device:lock:acknowledged", by=device, device=device)
    by_system = audit.append("device:lock:expired", by=None, device=device)
    about_nobody = audit.append("setting:value:changed", by=None)
    assert (by_device.actor_kind, by_device.actor) == ("device", device.code)
    assert (by_system.actor_kind, by_system.actor, by_system.user) == ("system", "", alice.code)
    assert (about_nobody.user, about_nobody.device) == ("", "")


def test_each_entry_holds_the_hash_of_the_one_before_it(chain: list[AuditEntry]) -> None:
    assert chain[0].previous_hash == audit.FIRST
    for before, after in pairwise(chain):
        assert after.previous_hash == before.hash


def test_names_and_free_text_stand_beside_the_chain(device: Device) -> None:
    entry = audit.append("device:name:changed", by=None, device=device, text={"to": "Blue Harbour"})
    assert "Blue" not in str(AuditEntry.get_by_id(entry.id).__data__)
    assert audit.texts([entry]) == {entry.id: {"to": "Blue Harbour"}}


def test_an_entry_that_is_rolled_back_leaves_the_chain_whole(device: Device) -> None:
    with database.atomic() as transaction:
        audit.append("device:lock:requested", by=None, device=device)
        transaction.rollback()
    assert audited(device) == []
    audit.append("device:wipe:requested", by=None, device=device)
    assert audit.verify() == []


def test_many_at_the_same_instant_make_one_chain(device: Device, at_once: Callable[..., list[Any]]) -> None:
    at_once(16, lambda: audit.append("device:lock:requested", by=None, device=device).id)
    assert len(audited(device)) == 16
    assert audit.verify() == []


# Reading


def test_a_devices_history_is_read_in_pages_newest_first(chain: list[AuditEntry], device: Device) -> None:
    first = audit.history(device, limit=4)
    assert [entry.params["number"] for entry in first] == [9, 8, 7, 6]
    second = audit.history(device, limit=4, before=first[-1].id)
    assert [entry.params["number"] for entry in second] == [5, 4, 3, 2]


def test_a_person_reads_what_they_did_and_what_was_done_to_them(
    alice: User, bob: User, carol: User, a_device: Callable[..., Device]
) -> None:
    audit.append("device:lock:requested", by=carol, device=a_device(alice))
    audit.append("device:lock:requested", by=alice, device=a_device(bob))
    audit.append("device:lock:requested", by=carol, device=a_device(bob))
    assert [entry.user for entry in audit.of_user(alice)] == [bob.code, alice.code, alice.code]
    assert audit.of_user(alice)[-1].action == "user:account:created"


def test_who_acted_is_read_once_for_all_entries(chain: list[AuditEntry], alice: User, carol: User) -> None:
    assert audit.people(chain) == {alice.code: "Alice Moreno", carol.code: "Carol Singh"}
    assert audit.people([]) == {}


# Nothing can be changed unseen


def test_a_whole_chain_has_no_problems(chain: list[AuditEntry]) -> None:
    assert audit.verify() == []


@pytest.mark.parametrize(
    "changed",
    [
        {"at": 1},
        {"action": "device:wipe:requested"},
        {"actor": "mallory"},
        {"actor_kind": "system"},
        {"user": "mallory"},
        {"device": "other"},
        {"params": {"number": 6}},
        {"text_digest": "0" * 64},
        {"hash": "0" * 64},
        {"previous_hash": "0" * 64},
    ],
    ids=lambda changed: next(iter(changed)),
)
@pytest.mark.parametrize("position", [0, 5, -1])
def test_a_changed_entry_is_found(chain: list[AuditEntry], position: int, changed: dict[str, Any]) -> None:
    entry = chain[position]
    AuditEntry.update(**changed).where(AuditEntry.id == entry.id).execute()
    if AuditEntry.get_by_id(entry.id).__data__ != entry.__data__:
        assert any(f"entry {entry.id}" in problem or "last" in problem for problem in audit.verify())


def test_an_entry_that_was_changed_and_hashed_anew_without_the_key_is_found(chain: list[AuditEntry]) -> None:
    import hashlib
    import json

    entry = chain[5]
    forged = hashlib.sha256(
        json.dumps([entry.at, "device:forged:done", entry.previous_hash]).encode()
    ).hexdigest()
    AuditEntry.update(action="device:forged:done", hash=forged).where(AuditEntry.id == entry.id).execute()
    AuditEntry.update(previous_hash=forged).where(AuditEntry.id == chain[6].id).execute()
    assert f"entry {entry.id} was changed" in audit.verify()


@pytest.mark.parametrize("position", [0, 5])
def test_an_entry_removed_in_the_middle_is_found(chain: list[AuditEntry], position: int) -> None:
    entry = chain[position]
    AuditEntry.delete_by_id(entry.id)
    problems = audit.verify()
    assert f"entries {entry.id} to {entry.id} are missing" in problems
    assert f"entry {entry.id + 1} does not follow the entry before it" in problems


def test_an_entry_removed_with_its_gap_closed_is_found(chain: list[AuditEntry]) -> None:
    AuditText.delete().execute()
    AuditEntry.delete_by_id(chain[5].id)
    for entry in chain[6:]:
        AuditEntry.update(id=entry.id - 1).where(AuditEntry.id == entry.id).execute()
    assert audit.verify() != []


@pytest.mark.parametrize("count", [1, 3])
def test_entries_removed_at_the_end_are_found(chain: list[AuditEntry], count: int) -> None:
    AuditEntry.delete().where(AuditEntry.id > chain[-1].id - count).execute()
    assert audit.verify() == [
        f"entries after {chain[-1].id - count} are missing, or the last ones were changed"
    ]


def test_they_are_found_even_when_the_head_was_set_back(chain: list[AuditEntry], device: Device) -> None:
    last = chain[-4]
    AuditEntry.delete().where(AuditEntry.id > last.id).execute()
    AuditHead.update(last=last.id, hash=last.hash).execute()
    assert audit.verify() != []
    audit.append("device:lock:requested", by=None, device=device)
    assert audit.verify() != [], "not mended by going on"


def test_they_are_found_when_others_were_added_afterwards(chain: list[AuditEntry], device: Device) -> None:
    AuditEntry.delete().where(AuditEntry.id > chain[-1].id - 3).execute()
    audit.append("device:lock:requested", by=None, device=device)
    assert audit.verify() != []


def test_a_head_that_is_gone_is_found(chain: list[AuditEntry]) -> None:
    AuditHead.delete().execute()
    assert audit.verify() != []


def test_all_entries_removed_are_found(chain: list[AuditEntry]) -> None:
    AuditEntry.delete().execute()
    assert audit.verify() != []


@pytest.mark.parametrize("where", ["in the middle", "at the end"])
def test_an_inserted_entry_is_found(chain: list[AuditEntry], where: str) -> None:
    model = chain[5]
    columns = {name: value for name, value in model.__data__.items() if name not in ("id", "hash")}
    AuditText.delete().execute()
    if where == "in the middle":
        for entry in reversed(chain[6:]):
            AuditEntry.update(id=entry.id + 1).where(AuditEntry.id == entry.id).execute()
        AuditEntry.insert(id=model.id + 1, **columns, hash="f" * 64).execute()
    else:
        AuditEntry.insert(**{**columns, "previous_hash": chain[-1].hash}, hash="f" * 64).execute()
    assert audit.verify() != []


def test_entries_that_changed_places_are_found(chain: list[AuditEntry]) -> None:
    AuditText.delete().execute()
    first, second = chain[4], chain[5]
    AuditEntry.update(id=10_000).where(AuditEntry.id == first.id).execute()
    AuditEntry.update(id=first.id).where(AuditEntry.id == second.id).execute()
    AuditEntry.update(id=second.id).where(AuditEntry.id == 10_000).execute()
    assert audit.verify() != []


def test_an_erased_text_is_fine(chain: list[AuditEntry]) -> None:
    AuditText.delete().execute()
    assert audit.verify() == []


def test_a_changed_text_is_found(chain: list[AuditEntry]) -> None:
    row = AuditText.select().order_by(AuditText.entry.desc()).get()
    AuditText.update(text={"reason": "another"}).where(AuditText.entry == row.entry_id).execute()
    assert audit.verify() == [f"the text of entry {row.entry_id} was changed"]


def test_a_changed_salt_is_found(chain: list[AuditEntry]) -> None:
    row = AuditText.select().order_by(AuditText.entry.desc()).get()
    AuditText.update(salt="0" * 32).where(AuditText.entry == row.entry_id).execute()
    assert audit.verify() == [f"the text of entry {row.entry_id} was changed"]


def test_a_text_put_beside_an_entry_that_had_none_is_found(chain: list[AuditEntry]) -> None:
    without = next(entry for entry in chain[::-1] if not entry.text_digest)
    AuditText.insert(entry=without.id, salt="0" * 32, text={"reason": "put in"}).execute()
    assert audit.verify() == [f"the text of entry {without.id} was changed"]


def test_what_is_appended_during_the_walk_is_no_problem(
    chain: list[AuditEntry], device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    hash_of, done = audit._hash_of, []

    def slow(entry: Any) -> Any:
        if not done:
            done.append(True)
            audit.append("device:lock:requested", by=None, device=device)
        return hash_of(entry)

    monkeypatch.setattr(audit, "_hash_of", slow)
    assert audit.verify() == []


def test_renaming_or_removing_a_person_leaves_the_chain_whole(chain: list[AuditEntry], alice: User) -> None:
    users.change_details(alice, by=alice, name="A", email="", phone_number="", language="", time_zone="")
    User.update(code="gone").where(User.username == "bob").execute()
    assert audit.verify() == []

"""Finding people and devices by how something about them begins."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from models import Device, User, database
from services import search, settings, users
from services.refused import Forbidden
from tests.conftest import PASSWORD


@pytest.fixture
def clare(app: object) -> User:
    """Somebody with a long name, a number, and capital letters in her address."""
    return users.create(
        "c.dubois", "Clare Anne Dubois-Émery", "Clare.D@Harbour.Example", PASSWORD, {"user_portal"}, by=None,
        phone_number="+447700900142",
    )  # fmt: skip


@pytest.mark.parametrize(
    "typed",
    ["clare", "CLA", "Clare Anne Du", "dubois", "Dubois-É", "c.dub", "clare.d@", "CLARE.D@HARBOUR.EXAMPLE",
     "+447700900142", "07700 900142", "+44 7700", "0044 7700 900", "07700 9", "(07700) 900-142", "  clare  "],
)  # fmt: skip
def test_a_person_is_found_by_name_last_name_user_name_address_and_number(
    clare: User, dave: User, typed: str
) -> None:
    found = search.find(typed, by=dave)
    assert [person.username for person in found.people] == ["c.dubois"]
    assert not found.has_more_people


@pytest.mark.parametrize(
    "typed", ["anne", "lare", "07700 900143", "+1 7700 900142", "@harbour", "c_dubois", "%", "c%"]
)
def test_what_only_contains_it_is_not_found(clare: User, dave: User, typed: str) -> None:
    assert search.find(typed, by=dave).people == []


def test_a_changed_name_and_address_are_found_and_the_old_ones_are_not(clare: User, dave: User) -> None:
    users.change_details(
        clare,
        by=clare,
        name="Clare Stone",
        email="STONE@home.example",
        phone_number="",
        language="",
        time_zone="",
    )
    assert len(search.find("stone", by=dave).people) == 1
    assert len(search.find("stone@home", by=dave).people) == 1
    for gone in ("dubois", "clare.d@", "07700 900142"):
        assert search.find(gone, by=dave).people == []


@pytest.mark.parametrize(
    "typed",
    ["pf-3x9", "PF-3X", "356938035643809", "35 693803 564380 9", "3569", "thinkpad", "ThinkPad X", "KMNPQR",
     "kmnpqr", "+447700900199", "07700 900199"],
)  # fmt: skip
def test_a_device_is_found_by_serial_imei_name_code_and_number(
    alice: User, bob: User, dave: User, a_device: Callable[..., Device], typed: str
) -> None:
    a_device(bob, name="Bob's phone")
    device = a_device(
        alice, code="kmnpqr", serial="PF-3X9", serial_search="pf-3x9", imei="356938035643809",
        phone_number="+447700900199",
    )  # fmt: skip
    found = search.find(typed, by=dave)
    assert [row.id for row in found.devices] == [device.id]
    assert found.devices[0].user.name == "Alice Moreno"


def test_a_code_is_only_found_whole(alice: User, dave: User, a_device: Callable[..., Device]) -> None:
    a_device(alice, code="kmnpqr")
    assert search.find("kmn", by=dave).devices == []


def test_each_is_found_once_and_at_most_twenty_of_a_kind(
    alice: User, dave: User, a_device: Callable[..., Device]
) -> None:
    for number in range(21):
        a_device(alice, name=f"pf {number}", serial=f"PF {number}", serial_search=f"pf {number}")
    found = search.find("pf", by=dave)
    assert len({device.id for device in found.devices}) == len(found.devices) == 20
    assert found.has_more_devices
    assert not search.find("pf 1", by=dave).has_more_devices


def test_numbers_without_a_country_are_of_the_organisations(clare: User, dave: User) -> None:
    settings.put("country", "FR", by=None)
    assert search.find("07700 900142", by=dave).people == []
    assert len(search.find("+44 7700 900142", by=dave).people) == 1


def test_nothing_typed_finds_nothing(dave: User) -> None:
    assert search.find("   ", by=dave).people == []


def test_it_is_for_those_who_help(alice: User, bob: User, carol: User) -> None:
    for person in (alice, bob):
        with pytest.raises(Forbidden):
            search.find("alice", by=person)
    assert search.find("alice", by=carol).people == [alice]


def test_every_question_follows_an_index(clare: User, dave: User, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str, tuple[object, ...]]] = []
    execute = database.execute_sql
    monkeypatch.setattr(
        database.obj, "execute_sql", lambda sql, given=(): asked.append((sql, given)) or execute(sql, given)
    )
    search.find("07700 900142", by=dave)
    searched = [(sql, given) for sql, given in asked if "phone_number" in sql and "LIMIT" in sql]
    searched += [(sql, given) for sql, given in asked if '"code" = ' in sql]
    assert len(searched) >= 8
    for sql, given in searched:
        plan = " ".join(str(row[3]) for row in execute(f"EXPLAIN QUERY PLAN {sql}", given).fetchall())
        assert "SCAN" not in plan, (sql, plan)
        assert "TEMP B-TREE" not in plan, (sql, plan)

"""Telephone numbers: what people type, what is stored, what is shown."""

from __future__ import annotations

import pytest

from services import phone_numbers
from services.refused import Refused


@pytest.mark.parametrize(
    ("typed", "country", "stored"),
    [
        ("07700 900142", "GB", "+447700900142"),
        ("+44 7700 900142", "GB", "+447700900142"),
        ("+44 (0)7700 900-142", "DE", "+447700900142"),
        ("0176 12345678", "DE", "+4917612345678"),
        ("(212) 555-0142", "US", "+12125550142"),
        ("  07700900142 ", "GB", "+447700900142"),
        ("", "GB", ""),
        ("   ", "", ""),
    ],
)
def test_what_people_type_becomes_the_international_form(typed: str, country: str, stored: str) -> None:
    assert phone_numbers.parse(typed, country) == stored


@pytest.mark.parametrize(
    "typed",
    [
        "abc",
        "12",
        "+44 1",
        "0" * 41,
        "+44 7700 900142 7700 900142",
        "+999 123456",
        "\0",
        "🙂",
        "<b>",
        "+",
        "x" * 1_000_000,
    ],
)
def test_anything_else_is_refused_beside_its_field(typed: str) -> None:
    with pytest.raises(Refused) as refused:
        phone_numbers.parse(typed, "GB")
    assert refused.value.field == "phone_number"
    assert str(refused.value).endswith(".")


@pytest.mark.parametrize("country", ["", "ZZ", "gb", "GBR", "\0"])
def test_a_country_that_there_is_not_is_refused_beside_its_own_field(country: str) -> None:
    with pytest.raises(Refused) as refused:
        phone_numbers.parse("07700 900142", country)
    assert refused.value.field == "country"


def test_the_sentence_says_what_is_wrong_with_it() -> None:
    with pytest.raises(Refused, match=r"too short for \+44"):
        phone_numbers.parse("077", "GB")
    with pytest.raises(Refused, match=r"too long for \+44"):
        phone_numbers.parse("07700 900142 900142", "GB")


def test_it_is_shown_in_groups() -> None:
    assert phone_numbers.shown("+447700900142") == "+44 7700 900142"


@pytest.mark.parametrize("number", ["", "unknown", "12", "0"])
def test_what_is_no_number_is_shown_as_it_is(number: str) -> None:
    assert phone_numbers.shown(number) == number


def test_every_country_has_its_code_once() -> None:
    countries = dict(phone_numbers.countries())
    assert len(countries) == len(phone_numbers.countries()) > 200
    assert (countries["GB"], countries["DE"], countries["US"]) == ("+44", "+49", "+1")

"""Telephone numbers: reading what people type, storing E.164, showing it in groups."""

from contextlib import suppress
from functools import cache

import phonenumbers

from services.refused import N_, Refused

LONGEST_TYPED = 40


def parse(text: str, country: str) -> str:
    """What was typed, as E.164 ("+447700900142"); nothing for nothing.

    `country` (ISO 3166, two letters) is whose number it is when no +code is typed. Raises Refused.
    """
    text = text.strip()
    if not text:
        return ""
    if not is_country(country):
        raise Refused(N_("Choose the country of the number."), field="country")
    try:
        number = phonenumbers.parse(text[: LONGEST_TYPED + 1], country)
    except phonenumbers.NumberParseException:
        raise Refused(
            N_("This is not a phone number. Write it with its country, such as +44 7700 900142."),
            field="phone_number",
        ) from None
    reason = phonenumbers.is_possible_number_with_reason(number)
    code = f"+{number.country_code}"
    if reason == phonenumbers.ValidationResult.TOO_SHORT:
        raise Refused(
            N_("This number is too short for %(code)s. Check the last digits."),
            field="phone_number",
            code=code,
        )
    if reason == phonenumbers.ValidationResult.TOO_LONG or len(text) > LONGEST_TYPED:
        raise Refused(
            N_("This number is too long for %(code)s. Check the digits."), field="phone_number", code=code
        )
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:
        raise Refused(
            N_("No number of %(code)s looks like this. Check the digits."), field="phone_number", code=code
        )
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def beginnings(text: str, country: str) -> list[str]:
    """How the numbers begin (E.164) that somebody may mean who typed the first digits, or all of them."""
    digits = "".join(character for character in text if character.isdigit())
    if text.startswith("+"):
        found = [f"+{digits}"]
    elif digits.startswith("00"):
        found = [f"+{digits[2:]}"]
    else:
        found = [f"+{phonenumbers.country_code_for_region(country)}{digits.lstrip('0')}"]
    with suppress(Refused):
        found.append(parse(text, country))  # knows whose zero belongs to the number, as in Italy
    return sorted(set(found))


def is_country(code: str) -> bool:
    """Two capital letters of ISO 3166 that have telephone numbers."""
    return code in phonenumbers.SUPPORTED_REGIONS


def shown(number: str) -> str:
    """E.164 in groups as people read it; anything else as it is."""
    try:
        return str(
            phonenumbers.format_number(
                phonenumbers.parse(number, None), phonenumbers.PhoneNumberFormat.INTERNATIONAL
            )
        )
    except phonenumbers.NumberParseException:
        return number


@cache
def countries() -> tuple[tuple[str, str], ...]:
    """Every country with its dialling code, such as ("GB", "+44"), by ISO code."""
    return tuple(
        (region, f"+{phonenumbers.country_code_for_region(region)}")
        for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    )

"""Every setting: its default, its range, and what it may not be."""

from __future__ import annotations

import base64
from dataclasses import asdict

import pytest

from models import AuditText, Setting, User
from services import settings
from services.keyring import KeyringError
from services.refused import Refused
from services.settings import Settings
from tests.services.conftest import last_entry

EVERY_PLATFORM = "linux,macos,windows,ios,android"
PROOFS = ("password", ["password", "pin", "both"], ["", "nothing", "PIN", "password,pin"])
SWITCH_BAD = ["", "maybe", "2", "on off", "\0"]
LINE = (
    ["Harbour Clinic", "Zoë & Söhne <b>", "x"],
    ["a\nb", "a\r\nBcc: x", "a\tb", "a\0b", "\x1b[31m", "\ud800", "\x7f"],
)

# key: (default, what it may be, what it may not be)
EVERY = {
    "organisation": ("Your organisation", [*LINE[0], "x" * 80], [*LINE[1], "", " ", "x" * 81]),
    "help_desk_name": ("", [*LINE[0], "", "x" * 200], [*LINE[1], "x" * 201]),
    "help_desk_email": ("", [*LINE[0], "", "x" * 200], [*LINE[1], "x" * 201]),
    "help_desk_phone": ("", [*LINE[0], "", "x" * 40], [*LINE[1], "x" * 41]),
    "help_desk_page": (
        "",
        ["", "https://help.example/x?y=1"],
        ["help.example", "javascript:alert(1)", *LINE[1]],
    ),
    "help_desk_hours": ("", [*LINE[0], "", "x" * 200], [*LINE[1], "x" * 201]),
    "help_desk_text": ("", ["", "two\nlines", "x" * 1000], ["a\0b", "\x1b", "\ud800", "x" * 1001]),
    "registration_hours": (4, [1, 4, 4320], [0, 4321]),
    "pin_length": (6, [6, 12], [5, 13]),
    "pin_registration": (True, [True, False], SWITCH_BAD),
    "qr_registration": (True, [True, False], SWITCH_BAD),
    "devices_per_user": (0, [0, 1, 50], [51]),
    "platforms": (
        EVERY_PLATFORM,
        ["linux", "macos,ios", EVERY_PLATFORM],
        ["", "amiga", "linux,", "linux,amiga", "Linux"],
    ),
    "proof_linux": PROOFS,
    "proof_macos": PROOFS,
    "proof_windows": PROOFS,
    "proof_ios": PROOFS,
    "proof_android": PROOFS,
    "default_ownership": ("employee", ["employee", "company"], ["", "nobody", "COMPANY"]),
    "users_may_choose_ownership": (False, [True, False], SWITCH_BAD),
    "idle_minutes": (15, [5, 90], [4, 91]),
    "absolute_hours": (24, [1, 24], [0, 25]),
    "time_zone": ("UTC", ["UTC", "Europe/London"], ["", "Mars/Base", "../etc/passwd", "europe/london\0"]),
    "language": ("en", ["en"], ["", "tlh", "EN"]),
    "country": ("GB", ["GB", "DE", "US"], ["", "G", "GBR", "ZZ", "12", "\0\0"]),
    "sign_in_failures": (6, [3, 20], [2, 21]),
    "terms": (
        "",
        ["", "Be kind.\nAlways.\tNBSP\u00a0too", "x" * 20_000],
        ["a\0b", "\x1b", "\ud800", "x" * 20_001],
    ),
    "admin_wipes_employee_devices": (False, [True, False], SWITCH_BAD),
    "agent_poll_seconds": (60, [5, 86_400], [4, 86_401]),
    "message_tries": (12, [1, 50], [0, 51]),
    "reminder_minutes": (60, [0, 10_080], [10_081]),
    "notifications": (
        "reminder,registered,action_done,new_sign_in",
        ["", "reminder", "registered,new_sign_in"],
        ["everything", "reminder,"],
    ),
    "sms_gateway": ("", [""], ["x" * 1001, "a\0b", "mailto://x", "json://localhost"]),
    "sms_per_day": (10, [0, 100], [101]),
}
NUMBERS = [key for key, (default, _, _) in EVERY.items() if type(default) is int]
NO_NUMBERS = ["", "-1", "+5", "5.0", "1e1", "five", "0x5", "٥", "5 5", "9" * 30, "\0", "5\x000"]


def typed(value: object) -> str:
    return ("on" if value else "off") if isinstance(value, bool) else str(value)


def test_this_file_knows_every_setting() -> None:
    assert set(EVERY) == set(settings.RULES) == set(asdict(Settings()))


@pytest.mark.parametrize("key", EVERY)
def test_its_default(key: str) -> None:
    value = getattr(settings.load(), key)
    assert value == EVERY[key][0]
    assert settings.RULES[key].meaning


@pytest.mark.parametrize("key", EVERY)
def test_what_it_may_be_is_loaded_as_it_was_put(key: str) -> None:
    for value in EVERY[key][1]:
        assert settings.put(key, typed(value), by=None) == value
        assert asdict(settings.load()) == {**asdict(Settings()), key: value}, "and nothing else changed"


@pytest.mark.parametrize("key", EVERY)
def test_what_it_may_not_be_is_refused_beside_its_field(key: str) -> None:
    for value in [*EVERY[key][2], *(NO_NUMBERS if key in NUMBERS else [])]:
        with pytest.raises(Refused) as refused:
            settings.put(key, str(value), by=None)
        assert (refused.value.field, value) == (key, value)
        assert str(refused.value).endswith((".", "https://"))
    assert Setting.select().count() == 0
    assert settings.load() == Settings()


@pytest.mark.parametrize("key", ["", "nothing", "ORGANISATION", "__class__", "\0"])
def test_a_key_that_there_is_not(key: str) -> None:
    with pytest.raises(Refused) as refused:
        settings.put(key, "x", by=None)
    assert refused.value.field == "key"
    assert Setting.select().count() == 0


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("on", True),
        ("YES", True),
        (" 1 ", True),
        ("true", True),
        ("Off", False),
        ("no", False),
        ("0", False),
        ("false", False),
    ],
)
def test_how_a_switch_is_typed(text: str, value: str) -> None:
    assert settings.put("pin_registration", text, by=None) is value


def test_spaces_around_it_and_case_of_a_country_do_not_matter() -> None:
    assert settings.put("pin_length", " 8 ", by=None) == 8
    assert settings.put("country", " de ", by=None) == "DE"
    assert settings.put("platforms", "linux, macos", by=None) == "linux,macos"


def test_a_pages_line_ends_become_plain_ones() -> None:
    assert settings.put("terms", "Be kind.\r\nAlways.\r\n", by=None) == "Be kind.\nAlways."


def test_putting_again_replaces() -> None:
    settings.put("pin_length", "8", by=None)
    settings.put("pin_length", "9", by=None)
    assert (Setting.select().count(), settings.load().pin_length) == (1, 9)


def test_the_history_says_who_changed_what_and_its_value_stands_beside_the_chain(carol: User) -> None:
    settings.put("organisation", "Harbour Clinic", by=carol)
    entry = last_entry("setting:value:changed")
    assert (entry.actor, entry.params) == (carol.code, {"key": "organisation"})
    assert AuditText.get_by_id(entry.id).text == {"value": "Harbour Clinic"}


def test_a_secret_is_kept_encrypted_and_only_said_to_be_set(carol: User) -> None:
    address = "json://user:the-password@localhost/?:to={number}"
    assert settings.put("sms_gateway", address, by=carol) == "set"
    assert (settings.load().sms_gateway, settings.secret("sms_gateway")) == ("set", address)
    stored = Setting.get_by_id("sms_gateway").value
    assert "password" not in str(base64.b64decode(stored))
    assert AuditText.get_by_id(last_entry("setting:value:changed").id).text == {"value": "set"}
    assert settings.put("sms_gateway", "", by=carol) == settings.secret("sms_gateway") == ""
    assert AuditText.get_by_id(last_entry("setting:value:changed").id).text == {"value": "not set"}
    Setting.update(key="sms_gateway_", value=stored).execute()
    with pytest.raises(KeyringError):  # moved to another place, it does not open
        settings.secret("sms_gateway_")


def test_a_row_of_a_newer_version_is_left_alone() -> None:
    Setting.create(key="from_the_future", value=1)
    assert settings.load() == Settings()


def test_questions_about_a_platform() -> None:
    rules = Settings(platforms="linux,ios", proof_macos="both")
    assert (rules.allows("linux"), rules.allows("macos"), rules.allows("lin")) == (True, False, False)
    assert (rules.proof("macos"), rules.proof("linux")) == ("both", "password")

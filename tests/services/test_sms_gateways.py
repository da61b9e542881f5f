"""Which addresses are taken as gateways for texts, and which are refused with a sentence."""

from __future__ import annotations

import importlib

import pytest

from services import settings, sms_gateways
from services.refused import Refused

KEY = "a1" * 16


@pytest.mark.parametrize(
    "address",
    [
        f"twilio://AC{KEY}:{KEY}@+447700900000/{{number}}",
        "vonage://a1a1a1a1:A1A1A1A1A1A1A1A1@+447700900000/{number}",
        f"bulksms://id:{KEY}@{{number}}",
        f"sns://AKIAIOSFODNN7EXAMPLE/{KEY}/eu-west-1/{{number}}",
        f"infobip://{KEY}@x1.api.infobip.com/{{number}}",
        "json://localhost:8080/sms?:to={number}&:id={id}",
        "json://127.0.0.9/?:to={number}",
        "JSON://[::1]:8080/{number}",
        "jsons://user:pass@sms.harbour.example/send?:to={number}&+Authorization=Bearer%20x",
        "jsons://10.0.0.7/{number}",
        "smseagles://token@sms.harbour.example/{number}",
    ],
)
def test_a_gateway_is_taken(address: str) -> None:
    sms_gateways.check(address)
    settings.put("sms_gateway", f"  {address} ", by=None)
    assert settings.secret("sms_gateway") == address


@pytest.mark.parametrize(
    ("address", "says"),
    [
        ("https://sms.example/{number}", "Start with the name of a gateway"),
        ("mailto://user:pass@sms.example/{number}", "Start with"),
        ("file:///etc/passwd#{number}", "Start with"),
        ("whatsapp://token@id/{number}", "Start with"),
        ("{number}", "Start with"),
        ("json://localhost/", "{number} once"),
        ("json://localhost/{number}/{number}", "{number} once"),
        ("twilio://{number}", "written otherwise"),
        ("twilio://AC12:34@56/{number}", "written otherwise"),
        (f"twilio://AC{KEY}:{KEY}@+447700900000/{{number}}/+447700900777", "no other number"),
        (f"clickatell://{KEY}/{{number}}?to=+447700900777&batch=yes", "no other number"),
        ("json://sms.example/{number}", "not encrypted"),
        ("json://localhost.sms.example/{number}", "not encrypted"),
        ("json://10.0.0.7/{number}", "not encrypted"),
        ("smseagle://token@sms.example/{number}", "not encrypted"),
        ("jsons://169.254.169.254/{number}", "cannot be at this address"),
        ("jsons://2852039166/{number}", "cannot be"),
        ("jsons://0xA9FEA9FE/{number}", "cannot be"),
        ("jsons://[::ffff:169.254.169.254]/{number}", "cannot be"),
        ("jsons://[fe80::1]/{number}", "cannot be"),
        ("jsons://[fd00:ec2::254]/{number}", "cannot be"),
        ("jsons://100.100.100.200/{number}", "cannot be"),
        ("jsons://metadata.google.internal./{number}", "cannot be"),
        ("jsons://METADATA/{number}", "cannot be"),
        ("jsons://0.0.0.0/{number}", "cannot be"),
        ("smpp://user:pass@localhost/+447700900000/{number}", "library that is not installed"),
    ],
)
def test_what_is_no_gateway_of_ours_is_refused(address: str, says: str) -> None:
    with pytest.raises(Refused) as refused:
        settings.put("sms_gateway", address, by=None)
    assert refused.value.field == "sms_gateway"
    assert says in str(refused.value)
    assert settings.load().sms_gateway == ""


def test_whatever_the_address_asks_for_it_waits_for_nothing_and_follows_nobody() -> None:
    plugin = sms_gateways.opened(
        f"twilio://AC{KEY}:{KEY}@+447700900000/{{number}}"
        "?cto=900&rto=900&retry=5&wait=9&verify=no&redirect=yes&overflow=split",
        "+447700900142",
        "k",
    )
    assert plugin.request_timeout == (5, 5)
    assert (plugin.retry, plugin.wait, plugin.redirects, plugin.verify_certificate) == (0, 0, False, True)
    assert plugin.overflow_mode.value == "upstream"
    assert plugin.throttle(wait=900) is None
    assert plugin.targets == [("T", "+447700900142")]


def test_number_and_id_are_quoted_and_the_hooks_key_is_the_messages_code() -> None:
    plugin = sms_gateways.opened("json://localhost/?:to={number}&:id={id}", "+44&:x=1", "a/b")
    assert plugin.payload_extras == {"to": "+44&:x=1", "id": "a/b"}
    assert plugin.headers == {"Idempotency-Key": "a/b"}


def test_every_gateway_of_the_list_is_one_of_apprises() -> None:
    for schema, (module, name) in sms_gateways.PLUGINS.items():
        plugin = getattr(importlib.import_module(f"apprise.plugins.{module}"), name)
        known = [plugin.protocol or (), plugin.secure_protocol or ()]
        assert schema in [one for some in known for one in ((some,) if isinstance(some, str) else some)]


def test_what_a_gateway_says_is_shown_without_the_secrets() -> None:
    address = "jsons://me:p%40ss%2Fword@sms.example:8443/hook-4711?:to={number}&+X-Key=abc%2Bdef"
    said = "sms.example: me p@ss/word p%40ss%2Fword hook-4711 abc+def PIN 482913"
    assert sms_gateways.masked(said, address, "482913") == "sms.example: me ... ... ... ... PIN ..."

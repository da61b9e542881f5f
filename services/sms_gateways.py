"""Gateways for text messages: which addresses are taken, and what Apprise makes of one (https://appriseit.com)."""

from __future__ import annotations

import importlib
import logging
import re
import socket
from contextlib import suppress
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from services.refused import N_, Refused

TIMEOUT_SECONDS = 5.0  # to connect, and again to wait for an answer
LONGEST_SECONDS = 15.0  # whatever trickles in

# Schema of the address: Apprise's module, and the class in it. What is not here is no gateway for texts.
PLUGINS = {
    "46elks": ("fortysixelks", "Notify46Elks"),
    "atalk": ("africas_talking", "NotifyAfricasTalking"),
    "bulksms": ("bulksms", "NotifyBulkSMS"),
    "bulkvs": ("bulkvs", "NotifyBulkVS"),
    "burstsms": ("burstsms", "NotifyBurstSMS"),
    "clickatell": ("clickatell", "NotifyClickatell"),
    "clicksend": ("clicksend", "NotifyClickSend"),
    "cm": ("cm", "NotifyCM"),
    "d7sms": ("d7networks", "NotifyD7Networks"),
    "elks": ("fortysixelks", "Notify46Elks"),
    "httpsms": ("httpsms", "NotifyHttpSMS"),
    "infobip": ("infobip", "NotifyInfobip"),
    "json": ("custom_json", "NotifyJSON"),
    "jsons": ("custom_json", "NotifyJSON"),
    "kavenegar": ("kavenegar", "NotifyKavenegar"),
    "kudosity": ("burstsms", "NotifyBurstSMS"),
    "msgbird": ("messagebird", "NotifyMessageBird"),
    "nexmo": ("vonage", "NotifyVonage"),
    "octopush": ("octopush", "NotifyOctopush"),
    "plivo": ("plivo", "NotifyPlivo"),
    "seven": ("seven", "NotifySeven"),
    "sinch": ("sinch", "NotifySinch"),
    "smpp": ("smpp", "NotifySMPP"),
    "smseagle": ("smseagle", "NotifySMSEagle"),
    "smseagles": ("smseagle", "NotifySMSEagle"),
    "smsmanager": ("smsmanager", "NotifySMSManager"),
    "smsmgr": ("smsmanager", "NotifySMSManager"),
    "sns": ("sns", "NotifySNS"),
    "telesign": ("telesign", "NotifyTelesign"),
    "telnyx": ("telnyx", "NotifyTelnyx"),
    "twilio": ("twilio", "NotifyTwilio"),
    "voipms": ("voipms", "NotifyVoipms"),
    "vonage": ("vonage", "NotifyVonage"),
}
HOOKS = ("json", "jsons")  # a program of the organisation's own; it can refuse a text it has sent already
PLAIN = ("json", "smpp", "smseagle")  # not encrypted, so not over a network
WITH_A_HOST = (*PLAIN, "jsons", "smseagles", "infobip")
SAMPLE_NUMBER = "+447700900142"  # kept free for examples by Ofcom

# Where clouds tell a machine its own secrets.
METADATA = ("metadata", "metadata.google.internal", "instance-data", "169.254.169.254", "100.100.100.200",
            "192.0.0.192", "fd00:ec2::254", "fd20:ce::254")  # fmt: skip
HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?\.?|\[[0-9a-f:.]+\]")
SHORTEST_SECRET = 3


def check(address: str) -> None:
    """Raises Refused, with a sentence for the administrator, for what is no gateway of ours."""
    if schema_of(address) not in PLUGINS:
        raise Refused(N_("Start with the name of a gateway: %(schemas)s."), schemas=", ".join(PLUGINS))
    if address.count("{number}") != 1:
        raise Refused(N_("Write {number} once, where the gateway wants the number of the phone."))
    plugin = opened(address, SAMPLE_NUMBER, "sample")
    if _others_beside(plugin):
        raise Refused(N_("Name no other number than {number}: it would get every text as well."))
    if plugin.schema in WITH_A_HOST:
        _check_host(plugin.schema, str(plugin.host).lower())


def opened(address: str, number: str, code: str) -> Any:
    """Apprise's plug-in for this address, number and message: a connection that waits for nothing for long.

    Apprise takes a second and 25 MB to import, so only here, and only the one plug-in. Raises Refused.
    """
    import apprise
    from apprise.exception import AppriseException

    log = logging.getLogger("apprise")
    log.setLevel(logging.DEBUG)  # to hear the gateway's own words ...
    log.propagate = False  # ... which name numbers and secrets, so no log gets them
    module, name = PLUGINS[schema_of(address)]
    kind = getattr(importlib.import_module(f"apprise.plugins.{module}"), name)
    if not kind.enabled:
        raise Refused(
            N_("This gateway needs a Python library that is not installed; the documentation says which.")
        )
    whole = address.replace("{number}", quote(number, safe="")).replace("{id}", quote(code, safe=""))
    asset = apprise.AppriseAsset(storage_mode="memory", language="en", service_timeout=LONGEST_SECONDS)
    try:
        plugin = kind(asset=asset, **(kind.parse_url(whole) or {}))
    except (AppriseException, TypeError, ValueError, KeyError, AttributeError):  # its words may hold secrets
        raise Refused(
            N_("This gateway's address is written otherwise; the documentation shows how.")
        ) from None
    return _tamed(plugin, code)


def schema_of(address: str) -> str:
    return address.partition("://")[0].lower()


def masked(said: str, address: str, *more: str) -> str:
    """What the gateway said, without the secrets of its address and of the message."""
    secrets = {*more, *(unquote(secret) for secret in more), *_secrets_of(address)}
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) >= SHORTEST_SECRET:
            said = said.replace(secret, "...")
    return said


def _tamed(plugin: Any, code: str) -> Any:
    """Whatever the address asks for: short waits, no sleep, no second try, no redirect, checked certificates."""
    plugin.socket_connect_timeout = plugin.socket_read_timeout = TIMEOUT_SECONDS
    plugin.redirects, plugin.verify_certificate = False, True
    plugin.retry, plugin.wait, plugin.optional = 0, 0.0, False
    plugin.overflow_mode, plugin.interpret_emojis = type(plugin).overflow_mode, False
    plugin.throttle = lambda *_, **__: None
    if plugin.schema in HOOKS:
        plugin.headers["Idempotency-Key"] = code
    return plugin


def _others_beside(plugin: Any) -> bool:
    targets = getattr(plugin, "targets", None)
    return (len(targets) if isinstance(targets, (list, tuple, set)) else len(plugin)) > 1


def _check_host(schema: str, host: str) -> None:
    found = _address(host)
    if schema in PLAIN and not (host == "localhost" or (found and found.is_loopback)):
        raise Refused(
            N_("%(schema)s:// is not encrypted, so its gateway must be on this machine: localhost."),
            schema=schema,
        )
    is_metadata = host.rstrip(".") in METADATA or str(found) in METADATA
    if not HOST.fullmatch(host) or is_metadata or (found and _is_nobodys(found)):
        raise Refused(N_("A gateway cannot be at this address."))


def _address(host: str) -> IPv4Address | IPv6Address | None:
    """An address in any way that systems read one: also 2852039166 and ::ffff:169.254.169.254."""
    with suppress(ValueError):
        found = ip_address(host.strip("[]"))
        return getattr(found, "ipv4_mapped", None) or found
    with suppress(OSError):
        return IPv4Address(socket.inet_aton(host))
    return None


def _is_nobodys(found: IPv4Address | IPv6Address) -> bool:
    return found.is_link_local or found.is_multicast or found.is_unspecified


def _secrets_of(address: str) -> set[str]:
    """Everything in it that a program chose: names, keys, paths and values. Not a hook's host."""
    rest = address.partition("://")[2]
    if schema_of(address) in WITH_A_HOST:
        with suppress(ValueError):
            rest = rest.replace(urlsplit(address).hostname or "", "", 1)
    parts = [part for part in re.split(r"[:/@?&=,]", rest) if "{" not in part]
    return {*parts, *(unquote(part) for part in parts)} - {"", "to", "from"}

"""What each kind of mail says: subject, text and HTML, on every platform, with and without a phone number."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import pytest
from bs4 import BeautifulSoup
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader

from blueprints.shared import instructions
from delivery import kinds, letters
from delivery.letters import Letter
from models import Device, Message, Platform, Status, User
from services import audit, channels, clock, outbox, settings

NUMBER = "+447700900142"
SHOWN = "+44 7700 900142"
SECRET = "7F3kq0ZxV1mT9cWbR2pLhA"


@pytest.fixture
def write(app: Flask, alice: User, dave: User, a_device: Callable[..., Device]) -> Callable[..., Letter]:
    """write("reminder", "macos", phone_number=NUMBER): the letter, as the worker writes it."""
    settings.put("organisation", "Harbour Clinic", by=None)
    settings.put("help_desk_phone", "020 7946 0123", by=None)
    settings.put("time_zone", "Europe/London", by=None)

    def written(kind: str, platform: str = Platform.LINUX, phone_number: str | None = None) -> Letter:
        waits = kind in ("invitation", "pin", "reminder")
        status = Status.PENDING if waits else Status.ACTIVE
        device = a_device(alice, status, platform=platform, phone_number=phone_number)
        about = device if waits or kind in ("registered", "action_done", "wipe_doubted") else None
        params = {**params_of(kind, device, dave), **({"platform": platform} if waits else {})}
        message = outbox.queue(kind, alice, alice.email, params, device=about)
        with app.app_context():
            return letters.write(message)

    return written


def params_of(kind: str, device: Device, dave: User) -> dict[str, Any]:
    ends = {"issued_at": clock.now(), "expires_at": clock.now() + 4 * 3600}
    if kind in ("invitation", "pin", "reminder"):
        return {"proof": "both", **ends, **({} if kind == "reminder" else {"link": SECRET})}
    if kind == "registered":
        return {"at": clock.now()}
    if kind == "action_done":
        return {"entries": [audit.append("device:lock:requested", by=dave, device=device).id]}
    if kind == "push_certificate_ends":
        return {"ends_at": clock.now() + 30 * 86_400, "stage": "soon"}
    if kind == "wipe_doubted":
        return {"at": clock.now()}
    if kind == "new_sign_in":
        return {"browser": "Firefox on <Linux>", "address": "192.0.2.7", "at": clock.now()}
    return {"link": f"/password/{SECRET}", **ends}


# Of each kind: its subject, and sentences that stand both in the text and in the HTML.
SAYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "invitation": (
        "Register your Linux computer with Harbour Clinic before 19:13 today",
        (
            "we were asked at 15:13 today to register a device for you: Linux computer.",
            f"http://localhost/go/{SECRET}",
            "It works once, until 19:13 today (21 September 2026, London time).",
            "Type the PIN and your password.",
            "If you did not ask for this",
        ),
    ),
    "pin": (
        "Register your Linux computer with Harbour Clinic before 19:13 today",
        (
            f"http://localhost/go/{SECRET}",
            "The portal showed it when it was made.",
            "Type the PIN and your password.",
        ),
    ),
    "reminder": (
        "Finish registering your Linux computer before 19:13 today",
        (
            "Nobody has finished it yet.",
            "works until 19:13 today (21 September 2026, London time).",
            "There you type your user name: alice.",
            "get a new one in the portal: http://localhost/devices/",
        ),
    ),
    "registered": (
        "Your ThinkPad X1 has joined Harbour Clinic",
        (
            "your ThinkPad X1 has joined Harbour Clinic, at 15:13 today (London time).",
            "http://localhost/privacy",
            "If this is not your device",
        ),
    ),
    "action_done": (
        "Dave Okafor asked for a lock (ThinkPad X1)",
        (
            "this was done to your device, ThinkPad X1, and not by you:",
            "Dave Okafor asked for a lock, 15:13 today.",
            "The screen locks when the device next checks in. What is on it stays.",
            "If this is wrong",
        ),
    ),
    "new_sign_in": (
        "A new browser signed in to your account at Harbour Clinic",
        (
            "When: 15:13 today (London time)",
            "With: Firefox on <Linux>",
            "From: 192.0.2.7",
            "Change your password now.",
            "http://localhost/account",
        ),
    ),
    "set_password": (
        "Set your password for Harbour Clinic",
        (
            f"http://localhost/password/{SECRET}",
            "It works once, until 19:13 today (21 September 2026, London time).",
            "your password then stays as it is.",
        ),
    ),
    "push_certificate_ends": (
        "The push certificate of Harbour Clinic ends on 21 October 2026",
        (
            "wake iPhones, iPads and Macs, ends on 21 October 2026.",
            "From then on orders wait until a device comes by itself",
            "flask --app app apple push-csr --email you@example.org",
            "Have a vendor of Apple's sign the request.",
            "https://identity.apple.com/pushcert with the same Apple Account as before, and press Renew",
            "flask --app app apple push-cert certificate.pem",
            "Renew it, never create a new one.",
        ),
    ),
    "wipe_doubted": (
        "Your ThinkPad X1 may not have been erased",
        (
            "your ThinkPad X1 counts as wiped, and yet it spoke to the server, at 15:13 today (London time).",
            "It could not erase itself, and everything is still on it.",
            "change the passwords that are on it.",
            "The order is not sent again.",
        ),
    ),
}


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_what_each_kind_says(write: Callable[..., Letter], kind: str) -> None:
    subject, sentences = SAYS[kind]
    for phone_number in (None, NUMBER):
        letter = write(kind, phone_number=phone_number)
        assert letter.subject == subject
        for body in (plain(letter.text), plain(words_of(letter.html))):
            for sentence in ("Hello Alice,", "020 7946 0123", "We never ask for your password", *sentences):
                assert sentence in body
            is_about_a_device = kind not in ("new_sign_in", "set_password", "push_certificate_ends")
            assert (SHOWN in body) == (phone_number is not None and is_about_a_device)


@pytest.mark.parametrize("kind", kinds.KINDS)
def test_every_kind_can_be_written_for_every_platform(write: Callable[..., Letter], kind: str) -> None:
    for platform in channels.TABLE:
        letter = write(kind, platform)
        soup = BeautifulSoup(letter.html, "html.parser")
        assert soup.title is not None
        assert letter.subject and soup.title.get_text()
        assert {link["href"] for link in soup.select("a")} <= addresses_in(letter.text) | {"tel:02079460123"}
        assert "prefers-color-scheme: dark" in letter.html
        assert all(picture["src"].startswith("cid:") for picture in soup.select("img"))
        for fetching in ("<script", "<link", "srcset=", "url("):
            assert fetching not in letter.html
        for left_over in ("%(", "{{", "{%", "&lt;strong", "<strong"):
            assert left_over not in letter.text


def test_the_mail_brings_the_platforms_own_instructions(app: Flask, write: Callable[..., Letter]) -> None:
    for kind, platform in product(("invitation", "pin", "reminder"), channels.TABLE):
        letter = write(kind, platform)
        with app.test_request_context():
            steps = [str(step.text.striptags()) for step in instructions.steps(platform, "both", "alice")]
        items = BeautifulSoup(letter.html, "html.parser").select("ol li")
        assert [plain(item.get_text()) for item in items] == steps
        for number, step in enumerate(steps, start=1):
            assert f"{number}. {step}" in letter.text


def test_a_platform_may_have_a_template_of_its_own(
    app: Flask, write: Callable[..., Letter], monkeypatch: pytest.MonkeyPatch
) -> None:
    own = DictLoader({"mail/registered/macos/subject.txt": "{{ device }}: a Mac has joined"})
    monkeypatch.setattr(app.jinja_env, "loader", ChoiceLoader([own, app.jinja_env.loader]))  # type: ignore[list-item]
    assert write("registered", Platform.MACOS).subject == "ThinkPad X1: a Mac has joined"
    assert write("registered", Platform.LINUX).subject == "Your ThinkPad X1 has joined Harbour Clinic"


def test_a_language_that_we_do_not_speak_is_english(write: Callable[..., Letter], alice: User) -> None:
    for language in ("tlh", "de", "..", ""):
        alice.language = language
        letter = write("registered")
        assert letter.subject == "Your ThinkPad X1 has joined Harbour Clinic"
        assert "15:13 today" in letter.text


def test_where_nobody_said_how_to_reach_the_help_desk_it_is_not_named(write: Callable[..., Letter]) -> None:
    settings.put("help_desk_phone", "", by=None)
    for kind in kinds.KINDS:
        letter = write(kind)
        assert "help desk" not in letter.text + letter.html


def test_several_deeds_stand_in_one_mail(
    app: Flask, alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    device = a_device(alice)
    for action, text in (
        ("device:wipe:requested", {}),
        ("device:wipe:explained", {"reason": "stolen <b>bag</b>"}),
    ):
        audit.append(action, by=carol, device=device, text=text)
    (message,) = Message.select()
    with app.app_context():
        letter = letters.write(message)
    assert letter.subject == "Somebody else acted 2 times (ThinkPad X1)"
    assert "Carol Singh gave a reason for the wipe: stolen <b>bag</b>, " in letter.text
    assert "stolen &lt;b&gt;bag&lt;/b&gt;" in letter.html


def test_an_administrator_reads_whose_device_may_not_have_been_erased(
    app: Flask, alice: User, carol: User, a_device: Callable[..., Device]
) -> None:
    message = outbox.queue(
        "wipe_doubted", carol, carol.email, {"at": clock.now()}, a_device(alice, Status.WIPED)
    )
    with app.app_context():
        letter = letters.write(message)
    assert letter.subject == "ThinkPad X1 of Alice Moreno may not have been erased"
    for body in (plain(letter.text), plain(words_of(letter.html))):
        assert "Hello Carol, ThinkPad X1 of Alice Moreno counts as wiped" in body


def test_a_push_certificate_that_has_ended_is_said_to_have(app: Flask, carol: User) -> None:
    settings.put("organisation", "Harbour <b>Clinic</b>", by=None)
    told = {"ends_at": clock.now(), "stage": "ended"}
    message = outbox.queue("push_certificate_ends", carol, carol.email, told)
    with app.app_context():
        letter = letters.write(message)
    assert letter.subject == "The push certificate of Harbour <b>Clinic</b> has ended"
    assert "<title>The push certificate of Harbour &lt;b&gt;Clinic&lt;/b&gt; has ended</title>" in letter.html
    for body in (plain(letter.text), plain(words_of(letter.html))):
        assert "ended on 21 September 2026. Since then orders wait until a device comes by itself" in body
        assert "ends on" not in body


@pytest.mark.parametrize("kind", ["invitation", "pin", "reminder"])
def test_what_asks_for_something_that_is_done_already_is_out_of_date(
    app: Flask, alice: User, a_device: Callable[..., Device], kind: str
) -> None:
    device = a_device(alice, Status.PENDING)
    message = outbox.queue(kind, alice, alice.email, {"expires_at": clock.now() + 60}, device=device)
    assert not letters.is_out_of_date(message)
    Device.update(status=Status.ENROLLING).execute()
    assert letters.is_out_of_date(Message.get_by_id(message.id))


def plain(text: str) -> str:
    return " ".join(text.split())


def words_of(html: str) -> str:
    return BeautifulSoup(html, "html.parser").get_text()


def addresses_in(text: str) -> set[str]:
    return {word.strip("().,") for word in text.split() if word.startswith("http")}

"""Who may call what: every rule, with every method, by everybody. A new route fails here until it is classified."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from werkzeug.routing import Rule

from models import Command, CommandState, Device, Registration, User
from services import commands, outbox, sessions
from services.apple import vault
from tests.conftest import Visitor

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

# Strangers may call these, and nothing else.
PUBLIC = {
    "enrolment.accept",
    "enrolment.agent",
    "enrolment.correct_platform",
    "enrolment.done",
    "enrolment.index",
    "enrolment.install",
    "enrolment.open",
    "enrolment.profile",
    "enrolment.progress",
    "enrolment.prove",
    "enrolment.root",
    "enrolment.stop",
    "enrolment.terms",
    "health.livez",
    "health.readyz",
    "information.accessibility",
    "information.privacy",
    "passwords.ask",
    "passwords.choose",
    "passwords.forgotten",
    "passwords.open",
    "passwords.set",
    "sign_in.attempt",
    "sign_in.create_first_administrator",
    "sign_in.first_administrator",
    "sign_in.sign_in",
    "sign_in.sign_out",
}

# Device software calls these with a credential of its own, without cookie and CSRF token.
FOR_DEVICES = {
    "agent_api.enroll",
    "agent_api.checkin",
    "apple.scep",
    "apple.scep_operation",
    "apple.check_in",
    "apple.mdm",
}

# What each person gets, with an empty form, for an address about Alice's active device or pending registration.
# `own` is Bob, who has the roles User portal and Lock only, with a device and a registration of his own.
MATRIX: dict[tuple[str, str], tuple[int, int, int, int, int]] = {
    #                                       alice own  bob  dave carol
    ("GET", "account.show"): (200, 200, 200, 200, 200),
    ("POST", "account.change_details"): (422, 422, 422, 422, 422),
    ("POST", "account.change_password"): (422, 422, 422, 422, 422),
    ("GET", "account.activity"): (200, 200, 200, 200, 200),
    ("GET", "account.stay"): (303, 303, 303, 303, 303),
    ("POST", "account.end_session"): (303, 303, 404, 404, 404),
    ("POST", "account.end_other_sessions"): (303, 303, 303, 303, 303),
    # Helping; the code is of the owner's account
    ("GET", "help_desk.index"): (403, 403, 403, 200, 200),
    ("GET", "help_desk.person"): (403, 403, 403, 200, 200),
    ("GET", "sign_in.again"): (200, 200, 200, 200, 200),
    ("POST", "sign_in.prove_again"): (422, 422, 422, 422, 422),
    # Administering; the code is of a message that waits in the outbox
    ("GET", "admin.messages.index"): (403, 403, 403, 200, 200),
    ("POST", "admin.messages.retry"): (403, 403, 403, 303, 303),
    ("POST", "admin.messages.cancel"): (403, 403, 403, 303, 303),
    # Looking
    ("GET", "devices.index"): (200, 200, 200, 200, 200),
    ("GET", "devices.card"): (303, 303, 404, 404, 404),
    ("GET", "devices.show"): (200, 200, 404, 200, 200),
    ("GET", "devices.progress"): (303, 303, 404, 303, 303),
    ("GET", "devices.history"): (200, 200, 404, 200, 200),
    ("GET", "devices.name"): (200, 200, 404, 403, 403),
    ("POST", "devices.rename"): (303, 303, 404, 403, 403),
    # Registering
    ("GET", "registrations.index"): (200, 403, 403, 403, 403),
    ("POST", "registrations.invite"): (422, 403, 403, 403, 403),
    ("POST", "registrations.request_pin"): (422, 403, 403, 403, 403),
    ("POST", "registrations.generate_qr"): (422, 403, 403, 403, 403),
    ("GET", "registrations.show"): (200, 200, 404, 200, 200),
    ("GET", "registrations.delivery"): (303, 303, 404, 303, 303),
    ("GET", "registrations.state"): (303, 303, 404, 303, 303),
    ("POST", "registrations.remind"): (303, 403, 404, 303, 303),
    ("POST", "registrations.correct_address"): (422, 403, 404, 403, 403),
    ("POST", "registrations.renew_pin"): (303, 403, 404, 403, 303),
    ("POST", "registrations.renew_qr"): (303, 403, 404, 403, 303),
    ("POST", "registrations.cancel"): (303, 403, 404, 403, 303),
    # Acting
    ("POST", "device_actions.refresh"): (303, 303, 404, 303, 303),
    ("POST", "device_actions.lock"): (303, 303, 404, 303, 303),
    ("POST", "device_actions.message"): (422, 422, 404, 403, 422),
    ("POST", "device_actions.lost"): (303, 303, 404, 403, 303),
    ("POST", "device_actions.found"): (409, 409, 404, 403, 409),
    ("POST", "device_actions.cancel"): (303, 303, 404, 403, 303),
    ("GET", "device_actions.ownership"): (200, 403, 404, 403, 200),
    ("POST", "device_actions.change_ownership"): (422, 403, 404, 403, 422),
    ("POST", "device_actions.answer_ownership"): (422, 422, 404, 404, 404),
    ("GET", "device_actions.explain_retire"): (200, 403, 404, 403, 200),
    ("POST", "device_actions.retire"): (303, 403, 404, 403, 303),
    # Administrators alone
    ("GET", "administrator_actions.explain_retire_without_device"): (403, 403, 404, 403, 200),
    ("POST", "administrator_actions.retire_without_device"): (403, 403, 404, 403, 303),
    ("GET", "administrator_actions.explain_block"): (403, 403, 404, 403, 200),
    ("POST", "administrator_actions.block"): (403, 403, 404, 403, 303),
    ("POST", "administrator_actions.unblock"): (403, 403, 404, 403, 409),
    # Only iPhones, iPads and Macs can do these
    ("GET", "apple_actions.explain_unlock"): (409, 403, 404, 403, 409),
    ("POST", "apple_actions.unlock"): (409, 403, 404, 403, 409),
    ("POST", "apple_actions.locate"): (409, 403, 404, 403, 409),
    ("POST", "apple_actions.restart"): (409, 409, 404, 403, 409),
    ("POST", "apple_actions.play_sound"): (409, 403, 404, 403, 409),
    # Only a Mac has these, once it was given a PIN
    ("GET", "apple_actions.explain_pin"): (200, 200, 404, 200, 200),
    ("POST", "apple_actions.show_pin"): (200, 200, 404, 200, 200),
    ("GET", "device_actions.explain_wipe"): (200, 403, 404, 403, 403),
    ("POST", "device_actions.wipe"): (422, 403, 404, 403, 403),
}
PEOPLE = ("alice", "own", "bob", "dave", "carol")


def test_every_route_is_classified(app: Flask) -> None:
    known = PUBLIC | FOR_DEVICES | {endpoint for _, endpoint in MATRIX}
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == known


def test_public_is_what_this_list_says(app: Flask) -> None:
    marked = {name for name, view in app.view_functions.items() if getattr(view, "is_public", False)}
    assert marked == PUBLIC | FOR_DEVICES


def test_a_stranger_is_sent_to_the_sign_in(app: Flask, visit: Callable[[User | None], Visitor]) -> None:
    stranger = visit(None)
    for method, rule, url in _everything(app):
        if rule.endpoint in PUBLIC | FOR_DEVICES:
            continue
        answer = stranger.open(method, url)
        assert answer.status == 303, f"{method} {url}"
        assert answer.location.startswith("/sign-in?next="), f"{method} {url}"


def test_htmx_of_a_stranger_is_sent_there_too(app: Flask, visit: Callable[[User | None], Visitor]) -> None:
    stranger = visit(None)
    for method, rule, url in _everything(app):
        if rule.endpoint in PUBLIC | FOR_DEVICES:
            continue
        answer = stranger.open(method, url, htmx=True)
        assert answer.status == 401, f"{method} {url}"
        assert answer.headers["HX-Redirect"].startswith("/sign-in?next="), f"{method} {url}"
        assert answer.text == ""


def test_a_method_that_no_rule_has_does_nothing(app: Flask, visit: Callable[[User | None], Visitor]) -> None:
    stranger, adapter = visit(None), app.url_map.bind("localhost")
    for url in sorted({url for _, _, url in _everything(app)}):
        for method in sorted(set(METHODS) - set(adapter.allowed_methods(url))):
            answer = stranger.open(method, url)
            assert answer.status == 405, f"{method} {url}"
            assert method not in answer.headers["Allow"].split(", ")


def test_a_bad_parameter_of_a_stranger_is_never_looked_at(visit: Callable[[User | None], Visitor]) -> None:
    answer = visit(None).post("/account", name="\0" * 10, csrf_token="wrong")
    assert answer.status == 303


def test_a_form_without_its_token_is_refused(
    app: Flask, visit: Callable[[User | None], Visitor], carol: User
) -> None:
    signed_in = visit(carol)
    for method, rule, url in _everything(app):
        if method in ("GET", "HEAD") or rule.endpoint in FOR_DEVICES:
            continue
        assert signed_in.open(method, url).status == 403, f"{method} {url}"
        assert signed_in.open(method, url, data={"csrf_token": "wrong"}).status == 403, f"{method} {url}"
        assert visit(None).open(method, url).status == (403 if rule.endpoint in PUBLIC else 303)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("route", MATRIX, ids="-".join)
def test_each_person_gets_what_the_matrix_says(
    route: tuple[str, str],
    person: str,
    app: Flask,
    visit: Callable[[User | None], Visitor],
    cast: Any,
    a_device: Callable[..., Device],
    a_registration: Callable[..., Registration],
) -> None:
    method, endpoint = route
    owner = cast.bob if person == "own" else cast.alice
    visitor = visit(cast.bob if person in ("own", "bob") else getattr(cast, person))
    device = a_device(owner)
    registration = a_registration(owner)
    named = {"code": device.code}
    if endpoint.startswith("registrations."):
        named["code"] = registration.code
    if endpoint.startswith("admin.messages."):
        named["code"] = outbox.queue("invitation", owner, "alice@harbour.example", {}).code
    if endpoint == "help_desk.person":
        named["code"] = owner.code
    if endpoint == "account.end_session":
        sessions.start(owner)
        named["code"] = sessions.list_for(owner)[0].code
    if endpoint == "device_actions.cancel":
        named["command"] = _queued_lock(device, owner).code
    if endpoint in ("apple_actions.explain_pin", "apple_actions.show_pin"):
        vault.pin_for(_queued_lock(device, owner))
    rule = next(rule for rule in app.url_map.iter_rules(endpoint) if method in (rule.methods or ()))
    answer = visitor.open(method, _url(rule, named), data={"csrf_token": visitor.csrf_token})
    assert answer.status == MATRIX[route][PEOPLE.index(person)], answer.words("main")


@pytest.fixture
def cast(alice: User, bob: User, carol: User, dave: User) -> SimpleNamespace:
    return SimpleNamespace(alice=alice, bob=bob, carol=carol, dave=dave)


def _everything(app: Flask) -> list[tuple[str, Rule, str]]:
    """Every method of every rule, with an address that fits it."""
    return [
        (method, rule, _url(rule, {}))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods or ())
    ]


def _url(rule: Rule, named: dict[str, str]) -> str:
    built = rule.build({name: named.get(name, "zzzzzz") for name in rule.arguments})
    assert built is not None
    return built[1]


def _queued_lock(device: Device, owner: User) -> Command:
    command = commands.ask(device, "lock", owner)
    assert command.state == CommandState.QUEUED
    return command

"""Asking to register a device, and everything about it until the device joins."""

from __future__ import annotations

from flask import Blueprint, Response, request
from flask_babel import gettext as _

from blueprints.shared import access, attempt, delivery_state, home, pages, register_panel
from blueprints.shared import registration_result as result
from blueprints.shared.register_panel import RegisterForm
from models import Registration, Role, Way
from services import registration_address, registrations
from services.registrations import Issued

blueprint = Blueprint("registrations", __name__, url_prefix="/registrations")


@blueprint.get("")
def index() -> Response:
    """The panel alone: the way back from a result, and where it stands without the rest of the home page."""
    access.needs(Role.REGISTER)
    panel = register_panel.panel(access.person())
    return pages.page_or_fragment("registrations/index.html", "registrations/_register.html", panel=panel)


@blueprint.post("/invitation")
def invite() -> Response:
    return _start(Way.INVITATION)


@blueprint.post("/pin")
def request_pin() -> Response:
    return _start(Way.PIN)


@blueprint.post("/qr")
def generate_qr() -> Response:
    return _start(Way.QR)


@blueprint.get("/<code>")
def show(code: str) -> Response:
    """What came of it. A PIN or code that was just made is shown here, by the first page that is opened."""
    registration = access.registration(code)
    is_own = registration.user_id == access.person().id
    parts = result.parts(registration, **result.taken(registration))
    return pages.page_or_fragment(
        "registrations/show.html",
        parts["fragment"],
        **parts,
        is_own=is_own,
        **(home.roll_of(access.person()) if is_own else {}),
    )


@blueprint.get("/<code>/delivery")
def delivery(code: str) -> Response:
    """Whether the mail has gone out asks for itself until it has."""
    registration = access.registration(code)
    if not pages.wants_fragment():
        return pages.go_to(f"/registrations/{registration.code}")
    return pages.fragment_only(
        "registrations/_delivery.html", delivery=delivery_state.of(registration), polls=True
    )


@blueprint.get("/<code>/state")
def state(code: str) -> Response:
    """A result asks when something changed: 204 leaves it on the screen, with the secret that it shows."""
    registration = access.registration(code)
    if not pages.wants_fragment():
        return pages.go_to(f"/registrations/{registration.code}")
    parts = result.parts(registration)
    if request.args.get("stamp") == parts["stamp"]:
        return pages.written("", 204)
    return pages.fragment_only(parts["fragment"], **parts)


@blueprint.post("/<code>/reminder")
def remind(code: str) -> Response:
    """The invitation goes out again, with a new link; the old one is dead."""
    registration = access.registration(code)
    registrations.renew(registration, by=access.person(), way=Way.INVITATION)
    email = registration.user.email
    pages.say("wait", _("The invitation is on its way to %(email)s. Older links are dead.", email=email))
    if not pages.wants_fragment():
        return pages.go_to(pages.page_before())
    return _result_answer(registration)


@blueprint.post("/<code>/address")
def correct_address(code: str) -> Response:
    """The mail went to a wrong address. Whatever came of it stands on the page of the registration."""
    registration, form = access.own_registration(code), result.AddressForm()
    access.needs(Role.REGISTER)
    email = form.email.text
    issued = attempt.made(form, lambda: registration_address.correct(registration, email, by=access.person()))
    if issued is None:
        return pages.page_or_fragment(
            "registrations/show.html",
            "registrations/_address.html",
            422,
            **result.parts(registration, address_form=form),
            is_own=True,
            **home.roll_of(access.person()),
        )
    result.keep(issued)
    pages.say("wait", _("Your address is %(email)s now, and the mail is on its way there.", email=email))
    return pages.go_to(f"/registrations/{registration.code}")


@blueprint.post("/<code>/pin")
def renew_pin(code: str) -> Response:
    return _renew(access.registration(code), Way.PIN)


@blueprint.post("/<code>/qr")
def renew_qr(code: str) -> Response:
    return _renew(access.registration(code), Way.QR)


@blueprint.post("/<code>/cancel")
def cancel(code: str) -> Response:
    registration = access.registration(code)
    registrations.cancel(registration, by=access.person())
    pages.say("off", _("The registration is cancelled. Its link and its PIN are dead."))
    is_own = registration.user_id == access.person().id
    if not pages.wants_fragment():
        return pages.go_to("/" if is_own else f"/devices/{registration.device.code}")
    panel = register_panel.panel(access.person())
    return pages.announce(pages.fragment_only("registrations/_register.html", panel=panel), "device-changed")


def _start(way: Way) -> Response:
    access.needs(Role.REGISTER)
    person, form = access.person(), RegisterForm()
    issued = attempt.made(
        form,
        lambda: registrations.start(
            person,
            form.platform.data or "",
            way,
            by=person,
            ownership=form.ownership.data,
            phone_number=form.phone_number.text,
            country=form.country.text,
            form_code=form.form_code.text,
        ),
    )
    if issued is None:
        return pages.page_or_fragment(
            "registrations/index.html",
            "registrations/_register.html",
            422,
            panel=register_panel.filled_in(form, person),
        )
    return _issued(issued) if issued.link else _asked_before(issued.registration)


def _asked_before(registration: Registration) -> Response:
    """The same form once more gives what came of it the first time. Secrets that were handed out already, to a page
    that may never have been seen, are made anew: they are neither shown twice nor lost.
    """
    if result.may_show_secrets(registration) and not result.is_kept(registration):
        return _renew(registration, Way(registration.way))
    if not pages.wants_fragment():
        return pages.go_to(f"/registrations/{registration.code}")
    return _result_answer(registration, **result.taken(registration))


def _renew(registration: Registration, way: Way) -> Response:
    return _issued(registrations.renew(registration, by=access.person(), way=way))


def _issued(issued: Issued) -> Response:
    """htmx gets the result, secrets and all; a browser is sent on to the page that shows them once."""
    if pages.wants_fragment():
        return _result_answer(issued.registration, issued.link, issued.pin)
    result.keep(issued)
    return pages.go_to(f"/registrations/{issued.registration.code}")


def _result_answer(registration: Registration, link: str = "", pin: str | None = None) -> Response:
    parts = result.parts(registration, link, pin)
    return pages.announce(pages.fragment_only(parts["fragment"], **parts), "device-changed")

"""What people do to an iPhone, iPad or Mac alone: unlock, locate, restart, a sound, and the PIN of a Mac."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from flask_babel import gettext as _

from blueprints.shared import access, device_page, pages, words
from models import ApplePin, Device
from services import permissions
from services.apple import actions, vault
from services.permissions import Action

blueprint = Blueprint("apple_actions", __name__, url_prefix="/devices/<code>")


@blueprint.get("/unlock")
def explain_unlock(code: str) -> Response:
    device = access.device_for(code, Action.UNLOCK)
    access.fresh()
    return pages.page_only(
        "apple_actions/explain_unlock.html", device=device, name=words.display_name(device)
    )


@blueprint.post("/unlock")
def unlock(code: str) -> Response:
    device = access.device_for(code, Action.UNLOCK)
    access.fresh()
    actions.unlock(device, by=access.person())
    pages.say("wait", _("The unlock is on its way to %(device)s.", device=words.display_name(device)))
    return pages.go_to(f"/devices/{device.code}")


@blueprint.post("/locate")
def locate(code: str) -> Response:
    device = access.visible_device(code)
    actions.locate(device, by=access.person())
    pages.say("wait", _("%(device)s is asked where it is.", device=words.display_name(device)))
    return device_page.changed_answer(device)


@blueprint.post("/restart")
def restart(code: str) -> Response:
    device = access.visible_device(code)
    actions.restart(device, by=access.person())
    pages.say("wait", _("The restart is on its way to %(device)s.", device=words.display_name(device)))
    return device_page.changed_answer(device)


@blueprint.post("/sound")
def play_sound(code: str) -> Response:
    device = access.visible_device(code)
    actions.play_sound(device, by=access.person())
    pages.say("wait", _("%(device)s is asked to sound.", device=words.display_name(device)))
    return device_page.changed_answer(device)


@blueprint.get("/pin")
def explain_pin(code: str) -> Response:
    """Says what there is to see. Only the next step shows it, and writes down that it did."""
    device = _with_pins(code)
    access.fresh()
    return _pin_page(device, [])


@blueprint.post("/pin")
def show_pin(code: str) -> Response:
    device = _with_pins(code)
    access.fresh()
    shown = [(row, actions.show_pin(row, by=access.person())) for row in vault.pins_of(device)]
    return _pin_page(device, shown)


def _pin_page(device: Device, shown: list[tuple[ApplePin, str]]) -> Response:
    return pages.page_only(
        "apple_actions/explain_pin.html", device=device, name=words.display_name(device), shown=shown
    )


def _with_pins(code: str) -> Device:
    """A Mac that was given a PIN, of the person or for the help desk; nobody else learns that there is one."""
    device = access.visible_device(code)
    if not permissions.may_see_pin(access.person(), device) or not vault.pins_of(device):
        abort(404)
    return device

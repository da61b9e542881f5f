"""What administrators alone do to a device: let it go without asking it, keep it out, and let it in again."""

from __future__ import annotations

from flask import Blueprint, Response
from flask_babel import gettext as _

from blueprints.shared import access, action_pages, attempt, device_page, pages, words
from blueprints.shared.device_forms import RetireForm
from services import device_actions
from services.permissions import Action

blueprint = Blueprint("administrator_actions", __name__, url_prefix="/devices/<code>")


@blueprint.get("/retire-without-device")
def explain_retire_without_device(code: str) -> Response:
    device = access.device_for(code, Action.RETIRE_WITHOUT_DEVICE)
    access.fresh()
    return action_pages.retire_without_device(device, RetireForm())


@blueprint.post("/retire-without-device")
def retire_without_device(code: str) -> Response:
    device, form, person = (
        access.device_for(code, Action.RETIRE_WITHOUT_DEVICE),
        RetireForm(),
        access.person(),
    )
    access.fresh()
    reason = form.reason.text
    if not attempt.works(form, lambda: device_actions.retire_without_device(device, reason, by=person)):
        return action_pages.retire_without_device(device, form, 422)
    pages.say("off", _("%(device)s is retired, without the device.", device=words.display_name(device)))
    return pages.go_to(f"/devices/{device.code}")


@blueprint.get("/block")
def explain_block(code: str) -> Response:
    device = access.device_for(code, Action.BLOCK)
    return pages.page_only(
        "administrator_actions/explain_block.html", device=device, name=words.display_name(device)
    )


@blueprint.post("/block")
def block(code: str) -> Response:
    device = access.visible_device(code)
    device_actions.block(device, by=access.person())
    pages.say("off", _("%(device)s is blocked.", device=words.display_name(device)))
    return pages.go_to(f"/devices/{device.code}")


@blueprint.post("/unblock")
def unblock(code: str) -> Response:
    device = access.visible_device(code)
    device_actions.unblock(device, by=access.person())
    pages.say("good", _("%(device)s is no longer blocked.", device=words.display_name(device)))
    return device_page.changed_answer(device)

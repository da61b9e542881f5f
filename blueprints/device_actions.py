"""What people do to a device. What cannot be taken back is explained first, and wants a fresh sign-in."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request
from flask_babel import gettext as _

from blueprints.shared import access, action_pages, attempt, device_page, ownership_question, pages, words
from blueprints.shared.device_forms import (
    AnswerForm,
    LockForm,
    MessageForm,
    OwnershipForm,
    RetireForm,
    WipeForm,
)
from models import Device
from services import commands, device_actions
from services import ownership as rules_of_ownership
from services.permissions import Action

blueprint = Blueprint("device_actions", __name__, url_prefix="/devices/<code>")


@blueprint.post("/refresh")
def refresh(code: str) -> Response:
    device = access.visible_device(code)
    device_actions.refresh(device, by=access.person())
    pages.say("wait", _("%(device)s is asked to check in.", device=words.display_name(device)))
    return device_page.changed_answer(device)


@blueprint.post("/lock")
def lock(code: str) -> Response:
    device, form, person = access.device_for(code, Action.LOCK), LockForm(), access.person()
    text = form.text.text
    if not attempt.works(form, lambda: device_actions.lock(device, by=person, text=text)):
        return _writing_again(device, lock_form=form)
    sentence = _("The lock is on its way to %(device)s.", device=words.display_name(device))
    if "text" in request.form:
        return _written(device, sentence)
    pages.say("wait", sentence)
    return device_page.changed_answer(device)


@blueprint.post("/message")
def message(code: str) -> Response:
    device, form, person = access.device_for(code, Action.MESSAGE), MessageForm(), access.person()
    text = form.text.text
    if not attempt.works(form, lambda: device_actions.message(device, text, by=person)):
        return _writing_again(device, message_form=form)
    return _written(device, _("The message is on its way to %(device)s.", device=words.display_name(device)))


@blueprint.post("/lost")
def lost(code: str) -> Response:
    device = access.visible_device(code)
    device_actions.report_lost(device, by=access.person())
    pages.say("wait", _("%(device)s is reported lost.", device=words.display_name(device)))
    return device_page.changed_answer(device)


@blueprint.post("/found")
def found(code: str) -> Response:
    device = access.visible_device(code)
    device_actions.report_found(device, by=access.person())
    pages.say("good", _("%(device)s is no longer reported lost.", device=words.display_name(device)))
    return device_page.changed_answer(device)


@blueprint.post("/commands/<command>/cancel")
def cancel(code: str, command: str) -> Response:
    device = access.visible_device(code)
    order = commands.by_code(device, command)
    if order is None:
        abort(404)
    commands.cancel(order, by=access.person())
    pages.say("off", words.command_title(order))
    return device_page.changed_answer(access.visible_device(code))


@blueprint.get("/ownership")
def ownership(code: str) -> Response:
    device = access.device_for(code, Action.CHANGE_OWNERSHIP)
    chosen = device.next_ownership or device.ownership
    return action_pages.ownership(device, OwnershipForm(ownership=chosen))


@blueprint.post("/ownership")
def change_ownership(code: str) -> Response:
    device, form = access.device_for(code, Action.CHANGE_OWNERSHIP), OwnershipForm()
    person, wanted = access.person(), form.ownership.data or ""
    if not attempt.works(form, lambda: rules_of_ownership.change(device, wanted, by=person)):
        return action_pages.ownership(device, form, 422)
    pages.say("wait" if device.asked_ownership else "good", _leads_to(device))
    return pages.go_to(f"/devices/{device.code}")


@blueprint.post("/ownership/answer")
def answer_ownership(code: str) -> Response:
    """The owner says whether an administrator may make it the company's."""
    device, form, person = access.own_device(code), AnswerForm(), access.person()
    agrees = form.answer.text == "agree"
    if not attempt.works(form, lambda: rules_of_ownership.answer(device, agrees, by=person)):
        return _asked_again(device, form)
    pages.say("good", _leads_to(device))
    if not pages.wants_fragment():
        return pages.go_to(pages.page_before())
    answered = pages.fragment_only("device_actions/_question.html", device=device, question=None)
    return pages.announce(answered, "device-changed")


@blueprint.get("/wipe")
def explain_wipe(code: str) -> Response:
    device = access.device_for(code, Action.WIPE)
    access.fresh()
    return action_pages.wipe(device, WipeForm())


@blueprint.post("/wipe")
def wipe(code: str) -> Response:
    device, form, person = access.device_for(code, Action.WIPE), WipeForm(), access.person()
    access.fresh()
    confirmation, reason = form.confirm.text, form.reason.text
    if not attempt.works(form, lambda: device_actions.wipe(device, confirmation, reason, by=person)):
        return action_pages.wipe(device, form, 422)
    pages.say("wait", _("The wipe is on its way to %(device)s.", device=words.display_name(device)))
    return pages.go_to(f"/devices/{device.code}")


@blueprint.get("/retire")
def explain_retire(code: str) -> Response:
    device = access.device_for(code, Action.RETIRE)
    access.fresh()
    return action_pages.retire(device, RetireForm())


@blueprint.post("/retire")
def retire(code: str) -> Response:
    device, form, person = access.device_for(code, Action.RETIRE), RetireForm(), access.person()
    access.fresh()
    if not attempt.works(form, lambda: device_actions.retire(device, form.reason.text, by=person)):
        return action_pages.retire(device, form, 422)
    pages.say("wait", _("The order to leave is on its way to %(device)s.", device=words.display_name(device)))
    return pages.go_to(f"/devices/{device.code}")


def _written(device: Device, sentence: str) -> Response:
    """A text is on its way. The forms that take texts are empty again; the rest of the page asks for itself."""
    pages.say("wait", sentence)
    if not pages.wants_fragment():
        return pages.go_to(f"/devices/{device.code}")
    writing = device_page.writing(device, access.person())
    return pages.announce(pages.fragment_only("device_actions/_writing.html", **writing), "device-changed")


def _writing_again(device: Device, **forms: LockForm | MessageForm) -> Response:
    """A text cannot be used: the forms alone for htmx, the whole page with them for a browser."""
    person = access.person()
    if pages.wants_fragment():
        writing = device_page.writing(device, person) | forms
        return pages.fragment_only("device_actions/_writing.html", 422, **writing)
    return pages.page_only("devices/show.html", 422, **(device_page.page(device, person) | forms))


def _asked_again(device: Device, form: AnswerForm) -> Response:
    """Neither yes nor no."""
    question = ownership_question.of(device, access.person(), form)
    if pages.wants_fragment():
        return pages.fragment_only("device_actions/_question.html", 422, device=device, question=question)
    page = device_page.page(device, access.person()) | {"question": question}
    return pages.page_only("devices/show.html", 422, **page)


def _leads_to(device: Device) -> str:
    """Taken back, asked for, or to come."""
    name = words.display_name(device)
    if device.asked_ownership:
        return _(
            "%(owner)s is asked. %(device)s stays as it is until they agree.",
            owner=device.user.name,
            device=name,
        )
    if device.next_ownership is None:
        return _("%(device)s stays as it was.", device=name)
    then = words.ownership_word(device.next_ownership)
    return _("%(device)s: %(ownership)s from the next check-in on.", device=name, ownership=then)

"""A person's devices: the roll, the page of one, its history and its name."""

from __future__ import annotations

from flask import Blueprint, Response, abort
from flask_babel import gettext as _

from blueprints.shared import access, attempt, device_history, device_page, home, pages, roll, words
from blueprints.shared.device_forms import NameForm
from models import Device
from services import clock, device_actions, devices, permissions
from services.permissions import Action

blueprint = Blueprint("devices", __name__)

ON_A_PAGE = 50  # entries of a history


@blueprint.get("/")
def index() -> Response:
    if pages.wants_fragment():
        return pages.fragment_only("devices/_devices.html", **home.roll_of(access.person()))
    return pages.written(home.page(access.person()))


@blueprint.get("/devices/<code>/card")
def card(code: str) -> Response:
    """A line that waits asks for itself, and tells the others when its device has got further."""
    row = devices.card(access.person().id, code)
    if row is None:
        abort(404)
    row = devices.as_of_now([row])[0]
    if not pages.wants_fragment():
        return pages.go_to("/")
    since = clock.now() if device_page.has_changed(row.status) else pages.poll_began()
    answer = pages.fragment_only("devices/_card.html", card=roll.line(row, since))
    return _announced("device-changed", answer, row.status)


@blueprint.get("/devices/<code>")
def show(code: str) -> Response:
    device = access.visible_device(code)
    return pages.page_only("devices/show.html", **device_page.page(device, access.person()))


@blueprint.get("/devices/<code>/progress")
def progress(code: str) -> Response:
    """The part that changes asks for itself, and tells the history when something did."""
    device = access.visible_device(code)
    if not pages.wants_fragment():
        return pages.go_to(f"/devices/{device.code}")
    parts = device_page.progress(device, access.person())
    answer = pages.fragment_only("devices/_progress.html", **parts)
    return _announced("history-grown", answer, parts["mark"])


@blueprint.get("/devices/<code>/history")
def history(code: str) -> Response:
    """The whole history a page at a time; for htmx the newest of it, as the device's page has it."""
    device = access.visible_device(code)
    told = device_history.told(device, access.person(), ON_A_PAGE + 1, pages.place())
    return pages.page_or_fragment(
        "devices/history.html",
        "devices/_log.html",
        device=device,
        name=words.display_name(device),
        history=told[:ON_A_PAGE],
        older=told[ON_A_PAGE - 1].id if len(told) > ON_A_PAGE else None,
    )


@blueprint.get("/devices/<code>/name")
def name(code: str) -> Response:
    device = access.visible_device(code)
    permissions.check(access.person(), device, Action.RENAME)
    return _name_page(device, NameForm(name=device.name))


@blueprint.post("/devices/<code>/name")
def rename(code: str) -> Response:
    device, form, person = access.visible_device(code), NameForm(), access.person()
    permissions.check(person, device, Action.RENAME)
    wanted = form.name.text
    if not attempt.works(form, lambda: device_actions.rename(device, wanted, by=person)):
        return _name_page(device, form, 422)
    pages.say("good", _("It is called %(name)s now.", name=words.display_name(device)))
    return pages.go_to(f"/devices/{device.code}")


def _name_page(device: Device, form: NameForm, status: int = 200) -> Response:
    return pages.page_or_fragment(
        "devices/name.html",
        "devices/_name_form.html",
        status,
        device=device,
        name=words.display_name(device),
        form=form,
    )


def _announced(event: str, answer: Response, now: str) -> Response:
    """Tell the rest of the page, if it is not as it was when the part last asked."""
    return pages.announce(answer, event) if device_page.has_changed(now) else answer

"""Steps three and four: the device's own software takes over, and we say when it has joined."""

from __future__ import annotations

from flask import Response
from flask_babel import gettext as _

from blueprints.enrolment import agent_step, apple_step, journey
from blueprints.shared import instructions, pages
from models import Registration, Status
from services import channels, registrations, verification

# What each channel's templates need: enrolment/_install_<step>.html and enrolment/_after_<step>.html
STEPS = {"agent": agent_step, "apple": apple_step}


def show() -> Response:
    registration = journey.proved()
    if registration is None:
        return pages.go_to("/go")
    return _elsewhere(registration) or _page(registration)


def progress() -> Response:
    """The waiting part of the page asks again by itself. Without JavaScript its page is shown anew."""
    registration = journey.proved()
    if registration is None or not pages.wants_fragment():
        return pages.go_to("/go/install")
    return _elsewhere(registration) or pages.fragment_only(
        "enrolment/_progress.html", device=registration.device, since=pages.poll_began()
    )


def agent() -> Response:
    """The reference agent: one file, the same for everybody."""
    response = Response(agent_step.program(), mimetype="text/x-python")
    response.headers["Content-Disposition"] = f'attachment; filename="{agent_step.FILE.name}"'
    return response


def done() -> Response:
    registration = journey.proved()
    if registration is None:
        return pages.go_to("/go")
    if not registration.device.is_enrolled:
        return pages.go_to("/go/install")
    step = channels.of_device(registration.device).next_step(registration)
    return pages.page_only(
        "enrolment/done.html",
        device=registration.device,
        channel=step["step"],
        **STEPS[step["step"]].afterwards(registration.device),
    )


def _elsewhere(registration: Registration) -> Response | None:
    """Where the person belongs, if it is not this step."""
    device = registration.device
    if device.is_enrolled:
        return pages.go_to("/go/done")
    if device.has_ended or (device.status == Status.VERIFIED and not verification.may_join(registration)):
        return journey.closed() if not pages.wants_fragment() else pages.go_to("/go/install")
    if device.status != Status.PENDING:
        return None
    came = journey.current()
    if came is not None and came.accepted_at:
        pages.say("wait", _("The code ran out before the device used it. Prove once more that it is you."))
        return pages.go_to("/go")
    return pages.go_to("/go/terms")


def _page(registration: Registration) -> Response:
    token = journey.token_earned(registration)
    step = channels.of_device(registration.device).next_step(registration)
    return pages.page_only(
        "enrolment/install.html",
        device=registration.device,
        channel=step["step"],
        token=token,
        has_run_out=registrations.has_lapsed_token(registration),
        since=pages.poll_began(),
        instructions=instructions.on_the_device(registration.device.platform, registration.user.username),
        **STEPS[step["step"]].context(registration.device, token or ""),
    )

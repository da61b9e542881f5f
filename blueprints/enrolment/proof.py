"""Step one: the person opens the link or comes without one, and proves who they are."""

from __future__ import annotations

from flask import Response, request
from flask_babel import gettext as _

from blueprints.enrolment import fields, journey
from blueprints.enrolment.fields import PlatformForm, ProofForm, WithoutLinkForm
from blueprints.shared import forms, instructions, known_browser, pages
from blueprints.shared.platform_of import platform_of
from models import Platform, Proof, Registration, Status
from services import registration_platform, verification
from services.refused import Refused
from services.sign_in import Wrong


def open_link(secret: str) -> Response:
    """The secret goes out of the address bar into a cookie, as a digest. Nothing is used up by looking."""
    digest, before = verification.link_digest(secret), journey.current()
    if before is not None and before.link == digest and journey.proved() is not None:
        return pages.go_to("/go/install")  # this browser has used it, and goes on where it was
    try:
        registration = verification.opened(secret)
    except verification.Gone as gone:
        return journey.closed(gone)
    except Refused as unknown:
        return journey.closed(unknown, 404)
    journey.begin(registration, digest)
    return pages.go_to("/go")


def index() -> Response:
    further = journey.proved()
    if further is not None and further.device.status in (Status.VERIFIED, Status.ENROLLING):
        return pages.go_to("/go/install")
    if not journey.has_link():
        return _without_link(WithoutLinkForm.starting_with(_looks_like()))
    registration = journey.behind_link()
    if registration is None:
        return journey.closed()
    return _with_link(registration, ProofForm.asking_for(Proof(registration.proof)))


def prove() -> Response:
    return _prove_with_link(journey.behind_link()) if journey.has_link() else _prove_without_link()


def correct_platform() -> Response:
    """The registration was for another kind of device than the one in hand."""
    registration = journey.behind_link()
    if registration is None:
        return journey.closed()
    kind = PlatformForm.of_channel(registration.device.platform)
    if kind.validate_on_submit():
        try:
            registration_platform.correct(registration, kind.platform.data or "")
        except Refused as refused:
            forms.add_refusal(kind, refused)
        else:
            return pages.go_to("/go")
    return _with_link(registration, ProofForm.asking_for(Proof(registration.proof)), kind, status=422)


def stop() -> Response:
    """The person does not want to go on. The registration stays as it is, for another time or device."""
    registration = journey.proved()
    has_accepted = registration is not None and registration.device.status != Status.PENDING
    journey.leave()
    return pages.page_only("enrolment/stop.html", has_accepted=has_accepted)


def _prove_with_link(registration: Registration | None) -> Response:
    if registration is None:
        return journey.closed()
    form = ProofForm.asking_for(Proof(registration.proof))
    if not form.validate_on_submit():
        return _with_link(registration, form, status=422)
    try:
        verification.prove(
            registration,
            registration.user.username,
            form.password.text if "password" in form else "",
            form.pin.text if "pin" in form else "",
            request.remote_addr or "",
            with_link=True,
        )
    except verification.Gone as gone:
        return journey.closed(gone)
    except Refused as refused:
        _say_no(form, refused)
        return _with_link(registration, form, status=422)
    journey.note_proof()
    return pages.go_to("/go/terms")


def _prove_without_link() -> Response:
    form = WithoutLinkForm.starting_with(_looks_like())
    if not form.validate_on_submit():
        return _without_link(form, 422)
    try:
        registration = verification.prove(
            verification.newest_living(form.username.text, form.platform.data or ""),
            form.username.text,
            form.password.text,
            form.pin.text,
            request.remote_addr or "",
            with_link=False,
            known_browser=known_browser.is_known_for(form.username.text),
        )
    except Refused as refused:
        _say_no(form, refused)
        return _without_link(form, 422)
    journey.begin(registration)
    journey.note_proof()
    return pages.go_to("/go/terms")


def _say_no(form: ProofForm | WithoutLinkForm, refused: Refused) -> None:
    """One text for whatever was wrong."""
    if isinstance(refused, Wrong):
        form.form_errors = [
            *form.form_errors,
            _("That did not work. Check what you typed. After several tries, wait a while."),
        ]
    else:
        forms.add_refusal(form, refused)


def _with_link(
    registration: Registration, form: ProofForm, kind: PlatformForm | None = None, status: int = 200
) -> Response:
    return pages.page_only(
        "enrolment/with_link.html",
        status,
        registration=registration,
        device=registration.device,
        instructions=instructions.after_opening(
            registration.device.platform, registration.proof, registration.user.username
        ),
        form=form,
        kind=kind or PlatformForm.of_channel(registration.device.platform),
        looks_like=_looks_like(),
    )


def _without_link(form: WithoutLinkForm, status: int = 200) -> Response:
    return pages.page_only(
        "enrolment/index.html", status, form=form, is_anything_offered=bool(fields.offered())
    )


def _looks_like() -> Platform | None:
    return platform_of(request.headers.get("User-Agent"))

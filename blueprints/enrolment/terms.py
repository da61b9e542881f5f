"""Step two: what will happen, what the organisation can and can never see, and the terms of service."""

from __future__ import annotations

from flask import Response

from blueprints.enrolment import journey
from blueprints.enrolment.fields import TermsForm
from blueprints.shared import organisation, pages
from models import Registration, Status
from services import channels, registrations, verification
from services.refused import Refused


def show() -> Response:
    registration = journey.proved(within=journey.PROOF_SECONDS)
    if registration is None:
        return pages.go_to("/go")
    if registration.device.status != Status.PENDING:
        return pages.go_to("/go/install")
    if not registrations.is_living(registration) or not verification.may_join(registration):
        return journey.closed()
    return _page(registration, TermsForm())


def accept() -> Response:
    """Of many at once, from however many windows, one is told to go on; the others hear that it is done."""
    registration = journey.proved(within=journey.PROOF_SECONDS)
    if registration is None:
        return pages.go_to("/go")
    form = TermsForm()
    if not form.validate_on_submit():
        return _page(registration, form, 422)
    try:
        journey.accept(registration)
    except Refused as refused:
        return _not_now(registration, refused)
    return pages.go_to("/go/install")


def _not_now(registration: Registration, refused: Refused) -> Response:
    """A second click may have come after the first: then there is nothing wrong, and the way on is open."""
    after = registrations.by_code(registration.code)
    is_same = after is not None and after.issued_at == registration.issued_at
    if after is not None and is_same and not after.device.has_ended and after.device.status != Status.PENDING:
        return pages.page_only("enrolment/accepted.html", 409, device=after.device)
    return journey.closed(refused)


def _page(registration: Registration, form: TermsForm, status: int = 200) -> Response:
    rules = organisation.current()
    step = channels.of_device(registration.device).next_step(registration)
    return pages.page_only(
        "enrolment/terms.html",
        status,
        registration=registration,
        device=registration.device,
        form=form,
        channel=step["step"],
        terms=[part.strip() for part in rules.terms.split("\n\n") if part.strip()],
    )

"""What to do on the device, step by step: the same sentences and pictures in mails, beside PIN and QR code, and on /go."""

from __future__ import annotations

from flask import current_app
from flask_babel import gettext
from markupsafe import Markup, escape

from blueprints.shared import organisation
from models import Proof
from services import channels
from services.channels.steps import Step
from services.refused import N_

PROOFS = {
    Proof.PASSWORD: N_("Type your password."),
    Proof.PIN: N_("Type the PIN."),
    Proof.BOTH: N_("Type the PIN and your password."),
}
TERMS = N_("Read what %(organisation)s can and cannot see, and accept the terms of service.")


def steps(platform: str, proof: str, username: str) -> list[Step]:
    """All of them, for somebody who has not begun yet; Jinja's `striptags` makes plain text of a sentence."""
    begin, *on_the_device = channels.of(platform).instructions(platform)
    at_the_door = (Step(PROOFS[Proof(proof)]), Step(TERMS))
    return [_told(step, username) for step in (begin, *at_the_door, *on_the_device)]


def after_opening(platform: str, proof: str, username: str) -> list[Step]:
    """Those that are left on /go."""
    return steps(platform, proof, username)[1:]


def on_the_device(platform: str, username: str) -> list[Step]:
    """Those that are left once the terms are accepted."""
    return [_told(step, username) for step in channels.of(platform).instructions(platform)[1:]]


def _told(step: Step, username: str) -> Step:
    """In the reader's language. The address stands whole, because mail programs make a link of it."""
    sentence = escape(gettext(step.text)) % {
        "go": Markup('<strong class="key">{}</strong>').format(current_app.config["PUBLIC_URL"] + "/go"),
        "username": Markup("<strong>{}</strong>").format(username),
        "organisation": organisation.current().organisation,
    }
    return step._replace(text=sentence)

"""/go: on the device itself, a person brings it in. Four steps: you, the terms, install, done."""

from flask import Blueprint

from blueprints.enrolment import apple_step, install, proof, terms
from blueprints.shared.access import public

blueprint = Blueprint("enrolment", __name__, url_prefix="/go")

# Nobody is signed in here. Each view asks for its own proof: the link, then the password or PIN.
for method, rule, endpoint, view in (
    # You
    ("GET", "", "index", proof.index),
    ("POST", "", "prove", proof.prove),
    ("GET", "/<secret>", "open", proof.open_link),
    ("POST", "/platform", "correct_platform", proof.correct_platform),
    ("POST", "/stop", "stop", proof.stop),
    # The terms
    ("GET", "/terms", "terms", terms.show),
    ("POST", "/terms", "accept", terms.accept),
    # Install
    ("GET", "/install", "install", install.show),
    ("GET", "/progress", "progress", install.progress),
    ("GET", "/agent", "agent", install.agent),
    ("GET", "/profile", "profile", apple_step.download),
    ("GET", "/root", "root", apple_step.root),
    # Done
    ("GET", "/done", "done", install.done),
):
    blueprint.add_url_rule(rule, endpoint, public(view), methods=[method])

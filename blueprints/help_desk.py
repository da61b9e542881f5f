"""What the help desk and administrators see of other people: finding them, and their devices."""

from __future__ import annotations

from flask import Blueprint, Response, abort, request

from blueprints.shared import access, others_devices, pages
from services import looks, search, users

blueprint = Blueprint("help_desk", __name__, url_prefix="/help-desk")
blueprint.before_request(access.helpers_only)


@blueprint.get("")
def index() -> Response:
    text = request.args.get("q", "").strip()[: search.LONGEST]
    found = search.find(text, by=access.person())
    return pages.page_or_fragment(
        "help_desk/index.html", "help_desk/_found.html", text=text, found=found, most=search.MOST
    )


@blueprint.get("/people/<code>")
def person(code: str) -> Response:
    """One person with their devices. That somebody looked is written down, so that they can read it."""
    found = users.by_code(code)
    if found is None:
        abort(404)
    looks.note_person(found, by=access.person())
    return pages.page_or_fragment(
        "help_desk/person.html",
        "help_desk/_devices.html",
        person=found,
        **others_devices.lines(found, access.person()),
    )

"""Pages that say what the organisation sees, and how accessible this portal is."""

from __future__ import annotations

from flask import Blueprint, Response

from blueprints.shared import access, known_browser, pages

blueprint = Blueprint("information", __name__)


@blueprint.get("/privacy")
@access.public
def privacy() -> Response:
    return pages.page_only("information/privacy.html", known_for_days=known_browser.LIVES // 86_400)


@blueprint.get("/accessibility")
@access.public
def accessibility() -> Response:
    return pages.page_only("information/accessibility.html")

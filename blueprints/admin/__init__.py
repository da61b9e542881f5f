"""What the help desk and administrators do, under /admin: one module an area, each says who may."""

from __future__ import annotations

from flask import Blueprint

from blueprints.admin import messages

blueprint = Blueprint("admin", __name__, url_prefix="/admin")
blueprint.register_blueprint(messages.blueprint)

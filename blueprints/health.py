"""For whoever watches the server: is it running, and can it work?"""

from __future__ import annotations

import logging
import shutil

from flask import Blueprint, Response, current_app
from peewee import PeeweeException

from blueprints.shared import access
from services import database

log = logging.getLogger("muster.health")

LEAST_FREE = 20 * 1024 * 1024  # bytes on the disk of the data folder

blueprint = Blueprint("health", __name__)


@blueprint.get("/livez")
@access.public
def livez() -> Response:
    """The process answers. Asks nothing of the database."""
    return Response("ok\n", mimetype="text/plain")


@blueprint.get("/readyz")
@access.public
def readyz() -> Response:
    """It can serve people. What is wrong stands in the log, not in the answer, which anybody may read."""
    problem = _problem()
    if problem:
        log.error("not ready: %s", problem)
        return Response("not ready\n", 503, mimetype="text/plain", headers={"Retry-After": "10"})
    return Response("ready\n", mimetype="text/plain")


def _problem() -> str:
    try:
        if not database.is_current():
            return "the database needs `flask migrate`"
    except PeeweeException as error:
        return f"the database does not answer: {error}"
    if shutil.disk_usage(current_app.config["DATA"]).free < LEAST_FREE:
        return "the disk is full"
    return ""

"""What the reference agent calls: it joins, and it checks in. JSON both ways; no cookie, no session."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from blueprints.shared import organisation
from blueprints.shared.access import public
from mdm.agent import wire
from services import agent_conversation, enrolment, throttle
from services.channels import agent

blueprint = Blueprint("agent_api", __name__, url_prefix="/api/agent/v1")

# From one address, before it is told to wait. Nobody guesses 160 bits: this only saves work.
MOST_BAD_TOKENS = 20


@blueprint.post("/enroll")
@public
def enroll() -> Response:
    """The token comes first: a good one never waits for the bad ones of somebody else behind the same address."""
    try:
        asked = wire.decode_enroll(_body())
    except wire.Malformed as malformed:
        return _malformed(malformed)
    try:
        device, secret = enrolment.begin(asked.token, agent.NAME, asked.platform, agent.facts(asked.facts))
    except enrolment.UnknownToken as unknown:
        return _unknown_token(unknown)
    except enrolment.NotOffered as closed:
        return _problem(403, "not_offered", str(closed))
    except enrolment.KnownElsewhere as known:
        return _problem(409, "known_elsewhere", str(known))
    pause = organisation.current().agent_poll_seconds
    return _json(201, wire.encode_enrolled(device.code, secret, pause))


@blueprint.post("/checkin")
@public
def checkin() -> Response:
    """Who it is comes first: a stranger learns nothing about how a body is read."""
    try:
        device = agent_conversation.speaker(_secret())
        commands = agent_conversation.hear(device, wire.decode_checkin(_body()))
    except agent_conversation.Unknown:
        return _problem(401, "unknown_device", "This server does not know this device.")
    except agent_conversation.Gone:
        return _problem(410, "retired", "This device has left. It may delete its secret.")
    except agent_conversation.Blocked:
        return _problem(403, "blocked", "An administrator has blocked this device.")
    except wire.Malformed as malformed:
        return _malformed(malformed)
    return _json(200, wire.encode_commands(commands, organisation.current().agent_poll_seconds))


def _unknown_token(unknown: enrolment.UnknownToken) -> Response:
    sender = f"enroll:{throttle.network(request.remote_addr or '')}"
    seconds = throttle.wait(sender) or throttle.allow(sender, MOST_BAD_TOKENS)
    if seconds:
        return _problem(429, "too_many", "Too many wrong tokens from this address.", retry_after=seconds)
    return _problem(401, "unknown_token", str(unknown))


def _secret() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""


def _body() -> bytes:
    """At most so many bytes as the protocol allows: the rest of a larger body is never read."""
    if request.mimetype != wire.CONTENT_TYPE:
        raise wire.Malformed("wrong_content_type")
    # One more, so that `wire` sees a longer one as too large.
    request.max_content_length = wire.LARGEST_BODY + 1
    try:
        return request.get_data(cache=False)
    except RequestEntityTooLarge:
        raise wire.Malformed("too_large") from None


STATUSES = {"wrong_content_type": 415, "too_large": 413}
TITLES = {
    "wrong_content_type": f"The content type must be {wire.CONTENT_TYPE}.",
    "too_large": f"The body may have {wire.LARGEST_BODY} bytes.",
}


def _malformed(malformed: wire.Malformed) -> Response:
    title = TITLES.get(malformed.code, "The body does not follow the protocol.")
    return _problem(STATUSES.get(malformed.code, 400), malformed.code, title, malformed.field)


def _problem(status: int, code: str, title: str, field: str = "", retry_after: int = 0) -> Response:
    response = _json(status, wire.encode_problem(status, code, title, field), wire.PROBLEM_CONTENT_TYPE)
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    if retry_after:
        response.headers["Retry-After"] = str(retry_after)
    return response


def _json(status: int, body: bytes, content_type: str = wire.CONTENT_TYPE) -> Response:
    response = Response(body, status, content_type=content_type)
    response.headers["Cache-Control"] = "no-store"
    return response

"""What the reference agent calls: it joins, and it checks in. JSON both ways; no cookie, no session."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from blueprints.shared import organisation
from blueprints.shared.access import public
from mdm.agent import wire
from models import Device, Status
from services import channels, check_ins, deliveries, enrolment, throttle
from services.channels import agent
from services.refused import Refused

log = logging.getLogger("muster.agent")

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
    device = _device()
    if device is None:
        return _problem(401, "unknown_device", "This server does not know this device.")
    if device.has_ended:
        return _problem(410, "retired", "This device has left. It may delete its secret.")
    if device.status == Status.BLOCKED:
        return _problem(403, "blocked", "An administrator has blocked this device.")
    try:
        said = wire.decode_checkin(_body())
    except wire.Malformed as malformed:
        return _malformed(malformed)
    channel = channels.of_device(device)
    _take(device, said.results)
    check_ins.record(device, channel.facts(said.facts))
    commands = [channel.encode(command) for command in deliveries.offer(device)]
    return _json(200, wire.encode_commands(commands, organisation.current().agent_poll_seconds))


def _unknown_token(unknown: enrolment.UnknownToken) -> Response:
    sender = f"enroll:{throttle.network(request.remote_addr or '')}"
    seconds = throttle.wait(sender) or throttle.allow(sender, MOST_BAD_TOKENS)
    if seconds:
        return _problem(429, "too_many", "Too many wrong tokens from this address.", retry_after=seconds)
    return _problem(401, "unknown_token", str(unknown))


def _device() -> Device | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not secret.strip():
        return None
    device = check_ins.device_of(secret.strip())
    return device if device is not None and device.channel == agent.NAME else None


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


def _take(device: Device, results: Iterable[wire.Result]) -> None:
    """An answer to no order of this device, or one that was heard before, changes nothing."""
    ignored = 0
    for result in results:
        try:
            is_new = deliveries.finish(device, result.command_id, result.status, result.detail)
        except Refused:  # an administrator was faster: the device has left in the meantime
            is_new = False
        ignored += not is_new
    if ignored:
        log.info("device %s: %s results belong to no order that waits for one", device.code, ignored)


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

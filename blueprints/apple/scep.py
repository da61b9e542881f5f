"""SCEP: a device asks for its certificate, with the enrolment token or that of a renewal as the challenge."""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from mdm.apple import scep
from mdm.apple.errors import Malformed
from services import device_authority
from services.apple import certifying

LARGEST = 65_536  # bytes; a request has some 3,000


def ask() -> Response:
    """GetCACaps, GetCACert, or an operation whose message stands in the address."""
    operation = request.args.get("operation", "")
    if operation == "GetCACaps":
        return _answer(scep.CAPABILITIES, scep.CAPABILITIES_TYPE)
    if operation == "GetCACert":
        return _answer(device_authority.certificate(), scep.AUTHORITY_TYPE)
    if operation != "PKIOperation":
        return Response(status=400)
    try:
        message = scep.decode_parameter(request.args.get("message", ""))
    except Malformed:
        return Response(status=400)
    return _operate(message)


def operate() -> Response:
    """Some clients send the message in the address as well; the body counts."""
    request.max_content_length = LARGEST
    if request.args.get("operation") != "PKIOperation":
        return Response(status=400)
    try:
        return _operate(request.get_data(cache=False))
    except RequestEntityTooLarge:
        return Response(status=413)


def _operate(message: bytes) -> Response:
    """Whatever is wrong with what it asks, the answer is one and the same."""
    authority = device_authority.load()
    try:
        asked = scep.decode(message, authority)
    except Malformed:
        return Response(status=400)
    certificate = certifying.certify(asked.inside) if asked.inside else None
    if certificate is None:
        return _answer(scep.failure(asked, authority), scep.MESSAGE_TYPE)
    return _answer(scep.success(asked, certificate, authority), scep.MESSAGE_TYPE)


def _answer(body: bytes, content_type: str) -> Response:
    return Response(body, content_type=content_type)

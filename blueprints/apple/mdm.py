"""Check-in and the command channel: a signed property list comes in, and perhaps an order goes out."""

from __future__ import annotations

from flask import Response, request
from werkzeug.exceptions import RequestEntityTooLarge

from mdm.apple import plists, signed_data
from mdm.apple.errors import Malformed
from services.apple import conversation
from services.apple.speakers import Unknown
from services.refused import Refused

# Bytes. A list that is too long to be read is let in all the same: it answers an order, which then can end.
LARGEST = 2 * plists.LARGEST
SIGNATURE = "Mdm-Signature"


def speak() -> Response:
    """The signature is over the body as it came. What cannot be verified, or may not be, is 400: no device leaves for
    that, and none reads a page.
    """
    request.max_content_length = LARGEST
    try:
        body = request.get_data(cache=False)
        certificate = signed_data.verify_detached(request.headers.get(SIGNATURE, ""), body)
        answer = conversation.hear(certificate, body)
    except RequestEntityTooLarge:
        return Response(status=413)
    except (Malformed, Unknown, Refused):
        return Response(status=400)
    return Response(answer.body, answer.status, content_type=answer.content_type)

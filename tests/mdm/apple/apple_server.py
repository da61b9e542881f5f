"""Just enough of a server for the simulated device to talk to, without a network."""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import parse_qs, unquote, urlsplit

from mdm.apple import (
    answers,
    certificates,
    check_in,
    reports,
    scep,
    signed_data,
)
from mdm.apple import authority as authorities
from mdm.apple.authority import Authority
from mdm.apple.errors import Malformed
from mdm.apple.reports import Report
from simulation.apple_device import AppleDevice, Response

from .conftest import NOW
from .test_profile import ENROLMENT


class Server:
    """Just enough of a server: it keeps what it heard and hands out what is queued."""

    def __init__(self, authority: Authority) -> None:
        self.authority = authority
        self.capabilities = scep.CAPABILITIES
        self.heard: list[check_in.CheckIn] = []
        self.reports: list[Report] = []
        self.queue: list[bytes] = []
        self.signers: list[str] = []
        self.final = Response(200, answers.NOTHING)

    def __call__(self, method: str, address: str, headers: Mapping[str, str], body: bytes) -> Response:
        parts = urlsplit(address)
        if parts.path.endswith("/scep"):
            return self._scep(parse_qs(parts.query), body)
        try:
            signer = signed_data.verify_detached(headers["Mdm-Signature"], body)
            self.signers.append(certificates.check(signer, self.authority.certificate, NOW).fingerprint)
            message = reports.decode_any(body)
        except Malformed as error:
            return Response(400, error.code.encode())
        if not isinstance(message, Report):
            self.heard.append(message)
            return Response(200, answers.NOTHING)
        self.reports.append(message)
        return Response(200, self.queue.pop(0)) if self.queue else self.final

    def _scep(self, query: Mapping[str, list[str]], body: bytes) -> Response:
        operation = query["operation"][0]
        if operation == "GetCACaps":
            return Response(200, self.capabilities)
        if operation == "GetCACert":
            return Response(200, self.authority.certificate)
        request = scep.decode(body or scep.decode_parameter(unquote(query["message"][0])), self.authority)
        if request.inside is None or request.inside.challenge != ENROLMENT.challenge:
            return Response(200, scep.failure(request, self.authority))
        issued = authorities.issue(request.inside, self.authority, "phone-1", "Example", NOW)
        return Response(200, scep.success(request, issued, self.authority))


def run(server: Server, device: AppleDevice, *bodies: bytes) -> list[Report]:
    """What the device reports when it is pushed and these commands are waiting."""
    server.queue, server.reports = list(bodies), []
    device.connect()
    assert server.reports.pop(0).is_idle
    return server.reports

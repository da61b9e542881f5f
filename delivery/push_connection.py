"""The connection to Apple's push service: one, which stays open. Apple takes whoever comes and goes for an attacker.

Apple: "Establishing a certificate-based connection to APNs", under "Follow best practices while sending push
notifications with APNs".
"""

from __future__ import annotations

import ssl
import tempfile
from dataclasses import dataclass
from pathlib import Path

import httpx
from flask import current_app

from mdm.apple.push import Push
from services import clock
from services.apple.push_certificates import Installed

SECONDS = 5.0  # for one push; the lease is 60
IDLE_SECONDS = 3600  # without a push


@dataclass
class _Connection:
    client: httpx.Client
    leads_to: object  # whatever has to be the same for it to be used again
    used_at: int


_open: _Connection | None = None


def post(certificate: Installed, push: Push) -> httpx.Response:
    """Hand one push over. Raises httpx.HTTPError or OSError; ssl.SSLError also for a certificate that cannot be used.

    An open connection may have died unnoticed: then it is opened anew, and the push goes out twice at worst.
    """
    was_open = _kept_open(certificate)
    try:
        return _post(certificate, push)
    except httpx.TimeoutException:
        close()
        raise
    except (httpx.HTTPError, OSError):
        close()
        if not was_open:
            raise
    try:
        return _post(certificate, push)
    except (httpx.HTTPError, OSError):
        close()
        raise


def close() -> None:
    global _open
    if _open is not None:
        _open.client.close()
        _open = None


def close_if_idle() -> None:
    """After an hour without a push nobody is served by it any more."""
    if _open is not None and clock.now() - _open.used_at >= IDLE_SECONDS:
        close()


def _kept_open(certificate: Installed) -> bool:
    """Is there one to where the push goes? One to anywhere else, or with another certificate, is closed."""
    if _open is not None and _open.leads_to != _place(certificate):
        close()
    close_if_idle()
    return _open is not None


def _post(certificate: Installed, push: Push) -> httpx.Response:
    global _open
    if _open is None:
        _open = _Connection(_client(certificate), _place(certificate), clock.now())
    _open.used_at = clock.now()
    return _open.client.post(push.path, headers=push.headers, content=push.body)


def _place(certificate: Installed) -> object:
    config = current_app.config["MUSTER"]
    return certificate, config.apns_url, config.apns_ca_file


def _client(certificate: Installed) -> httpx.Client:
    config = current_app.config["MUSTER"]
    context = ssl.create_default_context(cafile=str(config.apns_ca_file) if config.apns_ca_file else None)
    with tempfile.TemporaryDirectory() as name:  # Python's TLS reads a client's key from a file only
        path = Path(name) / "push.pem"
        path.touch(0o600)
        path.write_bytes(certificate.certificate + b"\n" + certificate.key)
        context.load_cert_chain(path)
    return httpx.Client(
        http2=True,
        verify=context,
        base_url=config.apns_url,
        timeout=SECONDS,
        limits=httpx.Limits(max_connections=1, keepalive_expiry=IDLE_SECONDS),
        trust_env=False,
    )

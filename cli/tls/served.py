"""The certificates that a device is shown: those of our own file, or what stands in front of us sends."""

from __future__ import annotations

import socket
import ssl
import warnings
from contextlib import suppress
from urllib.parse import urlsplit

import certifi
from cryptography import x509

from cli.tls.findings import UNREADABLE, Finding, findings
from config import HTTP_PORTS, Config
from services.apple.tls_root import Root

TIMEOUT_SECONDS = 5.0


def look(config: Config, root: Root | None, now: int) -> list[Finding]:
    """What devices find at the public address. Without https there is nothing to look at."""
    if not config.is_https:
        return []
    try:
        if config.tls_certificate is None:
            return _at_the_address(config, root, now)
        sent = x509.load_pem_x509_certificates(config.tls_certificate.read_bytes())
    except (OSError, *UNREADABLE) as error:
        where = config.tls_certificate or config.public_url
        return [(f"the TLS certificate of {where} cannot be read: {error}", False)]
    return findings(sent, config.public_host, now, root, public_roots())


def public_roots() -> list[x509.Certificate]:
    """Mozilla's list, which is nearly Apple's. This machine's own will not do: administrators add their own
    authorities to it, and no phone knows of that.
    """
    found = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the serial number of one of them breaks a rule of RFC 5280
        for each in ssl.create_default_context(cafile=certifi.where()).get_ca_certs(binary_form=True):
            with suppress(ValueError):
                found.append(x509.load_der_x509_certificate(each))
    return found


def _at_the_address(config: Config, root: Root | None, now: int) -> list[Finding]:
    host, port = config.public_host, urlsplit(config.public_url).port or HTTP_PORTS["https"]
    try:
        sent = _sent_by(host, port)
    except ssl.SSLError as error:
        why = error.reason or error
        return [(f"{host}, port {port}, does not speak TLS as devices do, 1.2 or newer ({why})", False)]
    except OSError as error:
        says = (
            f"the TLS certificate was not looked at, because {host}, port {port}, cannot be reached from here "
            f"({error.strerror or error}). Start what ends TLS, and run doctor again"
        )
        # No fault by itself: it may not run yet, or its public address may lead nowhere from inside.
        return [(says, True)]
    return findings(sent, host, now, root, public_roots())


def _sent_by(host: str, port: int) -> list[x509.Certificate]:
    """It is looked at and not believed, and nothing is told to it. So one that is bad is taken as it is."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("DEFAULT@SECLEVEL=0")  # a key that is too short shall be seen, and be told
    with (
        socket.create_connection((host, port), TIMEOUT_SECONDS) as connection,
        context.wrap_socket(connection, server_hostname=host) as encrypted,
    ):
        # Python has a public name for it since 3.13. Before, it is the same one level deeper.
        inner = encrypted._sslobj  # type: ignore[attr-defined]
        sent = inner.get_unverified_chain() or ()
        return [x509.load_pem_x509_certificate(each.public_bytes().encode()) for each in sent]

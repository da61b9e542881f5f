"""What the environment says. This is the only module that reads it, and `app` is its only reader."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

LOG_LEVELS = ("debug", "info", "warning", "error")
SECURITIES = ("none", "starttls", "tls")


class ConfigError(Exception):
    """A variable has a value that cannot be used. The text is for the administrator."""


@dataclass(frozen=True)
class Variable:
    """One environment variable, as the README lists it."""

    name: str
    default: str
    meaning: str


VARIABLES = (
    Variable("MUSTER_DATA", "./data", "Folder of the database, the key file and the locks"),
    Variable("PORT", "8000", "Port that the server listens on"),
    Variable("MUSTER_HOST", "127.0.0.1", "Address that the server listens on; 0.0.0.0 means all"),
    Variable("MUSTER_PUBLIC_URL", "http://localhost:PORT", "Address that people and devices use"),
    Variable("MUSTER_TLS_CERTIFICATE", "", "PEM file of the certificate chain, to serve https itself"),
    Variable("MUSTER_TLS_KEY", "", "PEM file of the certificate's private key"),
    Variable("MUSTER_TLS_ROOT", "", "PEM file of your own authority's root, if devices do not trust it yet"),
    Variable("MUSTER_TRUSTED_PROXIES", "0", "Proxies in front whose X-Forwarded headers are believed"),
    Variable("MUSTER_MAIL_SERVER", "", "Mail server; without one, mails wait in the outbox"),
    Variable("MUSTER_MAIL_PORT", "587, 465 or 25", "Its port; the default follows from the security"),
    Variable("MUSTER_MAIL_SECURITY", "starttls", "`none`, `starttls` or `tls`; certificates are checked"),
    Variable("MUSTER_MAIL_USERNAME", "", "User name for the mail server, if it wants one"),
    Variable("MUSTER_MAIL_PASSWORD", "", "Its password"),
    Variable("MUSTER_MAIL_PASSWORD_FILE", "", "File with its password, instead"),
    Variable(
        "MUSTER_MAIL_SENDER", "muster@HOST", "Address that mails come from; HOST is the public address's"
    ),
    Variable(
        "MUSTER_MAIL_CA_FILE", "", "PEM file of the authority that signed the mail server's certificate"
    ),
    Variable(
        "MUSTER_APNS_URL", "https://api.push.apple.com", "Apple's push service, or a proxy in front of it"
    ),
    Variable(
        "MUSTER_APNS_CA_FILE", "", "PEM file of the authority that signed its certificate, if not Apple's"
    ),
    Variable("MUSTER_WORKERS", "1", "Web processes"),
    Variable(
        "MUSTER_THREADS", "16", "Threads in each of them, for requests that wait; one computes at a time"
    ),
    Variable("MUSTER_LOG_LEVEL", "info", "`debug`, `info`, `warning` or `error`"),
)

HTTP_PORTS = {"http": 80, "https": 443}
MAIL_PORTS = {"none": 25, "starttls": 587, "tls": 465}


@dataclass(frozen=True)
class Config:
    """How this server runs. What an organisation decides is in `services.settings`."""

    data: Path
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = "http://localhost:8000"
    tls_certificate: Path | None = None
    tls_key: Path | None = None
    tls_root: Path | None = None
    trusted_proxies: int = 0
    mail_server: str = ""
    mail_port: int = 587
    mail_security: str = "starttls"
    mail_username: str = ""
    mail_password: str = ""
    mail_sender: str = "muster@localhost"
    mail_ca_file: Path | None = None
    apns_url: str = "https://api.push.apple.com"
    apns_ca_file: Path | None = None
    workers: int = 1
    threads: int = 16
    log_level: str = "info"

    @property
    def public_host(self) -> str:
        return urlsplit(self.public_url).hostname or ""

    @property
    def is_https(self) -> bool:
        return self.public_url.startswith("https://")

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Config:
        """Read every variable. Raises ConfigError with the name of the first that is wrong."""
        read = _Reader(environment)
        port = read.number("PORT", 8000, 1, 65_535)
        public_url = read.public_url("MUSTER_PUBLIC_URL", f"http://localhost:{port}")
        security = read.choice("MUSTER_MAIL_SECURITY", "starttls", SECURITIES)
        certificate, key = read.file("MUSTER_TLS_CERTIFICATE"), read.file("MUSTER_TLS_KEY")
        if (certificate is None) != (key is None):
            raise ConfigError("Set MUSTER_TLS_CERTIFICATE and MUSTER_TLS_KEY together, or neither.")
        return cls(
            data=Path(read.text("MUSTER_DATA", "./data")).resolve(),
            host=read.text("MUSTER_HOST", "127.0.0.1"),
            port=port,
            public_url=public_url,
            tls_certificate=certificate,
            tls_key=key,
            tls_root=read.file("MUSTER_TLS_ROOT"),
            trusted_proxies=read.number("MUSTER_TRUSTED_PROXIES", 0, 0, 10),
            mail_server=read.text("MUSTER_MAIL_SERVER"),
            mail_port=read.number("MUSTER_MAIL_PORT", MAIL_PORTS[security], 1, 65_535),
            mail_security=security,
            mail_username=read.text("MUSTER_MAIL_USERNAME"),
            mail_password=read.secret("MUSTER_MAIL_PASSWORD", "MUSTER_MAIL_PASSWORD_FILE"),
            mail_sender=read.text("MUSTER_MAIL_SENDER", f"muster@{urlsplit(public_url).hostname}"),
            mail_ca_file=read.file("MUSTER_MAIL_CA_FILE"),
            apns_url=read.public_url("MUSTER_APNS_URL", "https://api.push.apple.com"),
            apns_ca_file=read.file("MUSTER_APNS_CA_FILE"),
            workers=read.number("MUSTER_WORKERS", 1, 1, 64),
            threads=read.number("MUSTER_THREADS", 16, 1, 256),
            log_level=read.choice("MUSTER_LOG_LEVEL", "info", LOG_LEVELS),
        )


class _Reader:
    """Typed reading. An empty variable counts as one that is not set."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment

    def text(self, name: str, default: str = "") -> str:
        return self.environment.get(name, "").strip() or default

    def number(self, name: str, default: int, least: int, most: int) -> int:
        text = self.text(name, str(default))
        if not (text.isascii() and text.isdigit() and len(text) < 8 and least <= int(text) <= most):
            raise ConfigError(f"{name} must be a whole number from {least} to {most}, not {text!r}.")
        return int(text)

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        text = self.text(name, default).lower()
        if text not in choices:
            raise ConfigError(f"{name} must be one of {', '.join(choices)}, not {text!r}.")
        return text

    def file(self, name: str) -> Path | None:
        text = self.text(name)
        if not text:
            return None
        if not Path(text).is_file():
            raise ConfigError(f"{name} names {text!r}, and there is no such file.")
        return Path(text).resolve()

    def secret(self, name: str, file_name: str) -> str:
        path = self.file(file_name)
        if path is None:
            return self.environment.get(name, "")
        if self.environment.get(name):
            raise ConfigError(f"Set {name} or {file_name}, not both.")
        try:
            return path.read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigError(f"{file_name} names {str(path)!r}, which cannot be read: {error}.") from None

    def public_url(self, name: str, default: str) -> str:
        """A scheme, a host, perhaps a port, and nothing behind them, as browsers write it in Origin."""
        text = self.text(name, default)
        try:
            parts = urlsplit(text.lower())
            port = parts.port
        except ValueError:
            raise _not_a_site(name, text) from None
        if (
            parts.scheme not in HTTP_PORTS
            or not parts.hostname
            or text.rstrip("/").lower() != (f"{parts.scheme}://{parts.netloc}")
            or "@" in text
        ):
            raise _not_a_site(name, text)
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        return f"{parts.scheme}://{host}" + (
            f":{port}" if port not in (None, HTTP_PORTS[parts.scheme]) else ""
        )


def _not_a_site(name: str, text: str) -> ConfigError:
    return ConfigError(f"{name} must be like https://muster.example.org, not {text!r}.")

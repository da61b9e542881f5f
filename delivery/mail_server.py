"""The connection to the mail server: its certificate is checked, and it never makes us wait for long."""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import flask_mail
from flask import Flask, current_app

TIMEOUT_SECONDS = 5.0


def is_configured() -> bool:
    return bool(current_app.config["MAIL_SERVER"])


def connect() -> Connection:
    """A context manager around one conversation with the mail server of this app's configuration."""
    return VerifiedMail(current_app).connect()


class Connection(flask_mail.Connection):
    """Flask-Mail's own checks no certificate and waits for ever; both are mended here."""

    def configure_host(self) -> smtplib.SMTP:
        config = current_app.config
        ours = urlsplit(config["PUBLIC_URL"]).hostname or "localhost"  # else smtplib would ask the DNS
        options: dict[str, Any] = {"timeout": TIMEOUT_SECONDS, "local_hostname": ours}
        server = (config["MAIL_SERVER"], config["MAIL_PORT"])
        if config["MAIL_SECURITY"] == "tls":
            return self._signed_in(smtplib.SMTP_SSL(*server, context=_context(), **options))
        host = smtplib.SMTP(*server, **options)
        if config["MAIL_SECURITY"] == "starttls":
            try:
                host.starttls(context=_context())
            except BaseException:
                host.close()
                raise
        return self._signed_in(host)

    def _signed_in(self, host: smtplib.SMTP) -> smtplib.SMTP:
        if self.mail.username and self.mail.password:
            try:
                host.login(self.mail.username, self.mail.password)
            except BaseException:
                host.close()
                raise
        return host

    def __exit__(
        self, exc_type: type[BaseException] | None, exc_value: BaseException | None, tb: TracebackType | None
    ) -> None:
        """Say goodbye if the server still listens. Why the conversation ended matters more than how."""
        if self.host is not None:
            with suppress(smtplib.SMTPException, OSError):
                self.host.quit()
            self.host.close()


class VerifiedMail(flask_mail.Mail):
    """Flask-Mail with our connection."""

    def init_mail(self, config: dict[str, Any], debug: bool | int = False, testing: bool = False) -> Any:
        """`suppress` is off in tests too: they have a mail server of their own."""
        return super().init_mail(config, debug=False, testing=False)

    def connect(self) -> Connection:
        app: Flask = self.app or current_app
        return Connection(app.extensions["mail"])


def _context() -> ssl.SSLContext:
    """The system's authorities, and the one of MUSTER_MAIL_CA_FILE; host name and date are checked."""
    context = ssl.create_default_context()
    if current_app.config["MAIL_CA_FILE"]:
        context.load_verify_locations(cafile=str(current_app.config["MAIL_CA_FILE"]))
    return context

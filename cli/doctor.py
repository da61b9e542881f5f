"""flask doctor: can this server work, and what is missing?"""

from __future__ import annotations

import os
import platform
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import click
from flask import current_app
from flask.cli import with_appcontext

from cli.tls import served
from cli.tls.findings import Finding
from delivery import mail_server, sending
from services import clock, database, keyring, settings, sms_gateways
from services.apple import model_names, push_certificates
from services.apple.push_certificates import Stage
from services.refused import Refused


@click.command("doctor")
@with_appcontext
def doctor() -> None:
    """Look at everything the server needs. Ends with 1 if something is wrong."""
    is_well = True
    for says, is_fine in _findings():
        click.echo(f"{'ok ' if is_fine else 'BAD'} {says}")
        is_well = is_well and is_fine
    if not is_well:
        sys.exit(1)


def _findings() -> Iterator[Finding]:
    for check in (_python, _sqlite, _folder, _key, _tables, _mail, _texts, _apple):
        yield check()
    yield from _tls()
    yield from _model_names()


def _python() -> Finding:
    return f"Python {platform.python_version()}", sys.version_info >= (3, 11)


def _sqlite() -> Finding:
    version = database.library_version()
    if database.is_wal_safe():
        return f"SQLite {version}", True
    return f"SQLite {version} can lose data (WAL-reset fault): install pysqlite3 0.6.1 or newer", False


def _folder() -> Finding:
    folder = _data()
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"data folder {folder} cannot be written to", False
    if os.name == "posix" and stat.S_IMODE(folder.stat().st_mode) & 0o077:
        return f"data folder {folder} is open to others: chmod 700 {folder}", False
    return f"data folder {folder}", True


def _key() -> Finding:
    path = _data() / keyring.FILE_NAME
    try:
        keyring.open_keyring(_data(), create=False)
    except keyring.KeyringError as error:
        return str(error), False
    return f"key file {path}: keep a copy of it apart from the database's", True


def _tables() -> Finding:
    if not database.exists():
        return "no database yet: flask --app app migrate makes it", True
    problem = database.problem()
    return problem or "database is whole and up to date", not problem


def _mail() -> Finding:
    server = current_app.config["MAIL_SERVER"]
    if not mail_server.is_configured():
        return "mail: no server is set (MUSTER_MAIL_SERVER), so messages wait in the outbox", True
    try:
        with mail_server.connect():
            return f"mail: {server} answers", True
    except (OSError, ValueError) as error:
        failure = sending.failure_of(error)
        return f"mail: {server}: {failure.reason} ({failure.detail})", False


def _texts() -> Finding:
    """The gateway itself is not asked: every text costs money."""
    nothing = "text messages: no gateway is set (setting sms_gateway), so none are sent"
    if not database.exists() or database.problem():
        return nothing, True
    try:
        address = settings.secret("sms_gateway")
        if not address:
            return nothing, True
        sms_gateways.check(address)
    except (keyring.KeyringError, Refused) as error:
        return f"text messages: {error}", False
    return f"text messages: a gateway is set ({sms_gateways.schema_of(address)})", True


def _apple() -> Finding:
    """What iPhones, iPads and Macs need: a TLS certificate that they trust already, and pushes."""
    if not database.exists() or not database.is_current():
        return "Apple: not looked at before the database is there", True
    ending = push_certificates.ending()
    if ending is not None:
        return f"Apple: {_ends(ending)} at identity.apple.com/pushcert", False
    if not current_app.config["PUBLIC_URL"].startswith("https://"):
        return "Apple: iPhones, iPads and Macs need https, with a certificate that they trust already", True
    if push_certificates.load() is None:
        return (
            "Apple: no push certificate, so orders wait until a device comes by itself (docs/apple.md)",
            True,
        )
    return "Apple: pushes can be sent", True


def _ends(ending: push_certificates.Ending) -> str:
    if ending.stage == Stage.ENDED:
        return "the push certificate has ended: renew it"
    days = "1 day" if ending.days_left == 1 else f"{ending.days_left} days"
    return f"the push certificate ends in {days}: renew it{' NOW' * (ending.stage == Stage.NOW)}"


def _tls() -> Iterator[Finding]:
    """`_apple` says that without https no such device can join."""
    for says, is_fine in served.look(
        current_app.config["MUSTER"], current_app.config["TLS_ROOT"], clock.now()
    ):
        yield f"Apple: {says}", is_fine


def _model_names() -> Iterator[Finding]:
    """Most administrators give none, and need to hear nothing of it."""
    path = _data() / model_names.FILE_NAME
    if path.exists():
        problem = model_names.problem()
        yield f"Apple: {path} " + (f"{problem}: it is ignored" if problem else "names models"), not problem


def _data() -> Path:
    return Path(current_app.config["DATA"])

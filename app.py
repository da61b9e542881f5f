"""create_app(): settings, database, sign-in, security, blueprints and error pages, put together."""

from __future__ import annotations

import logging
from pathlib import Path

from flask import Flask
from htmx_flask import Htmx
from werkzeug.middleware.proxy_fix import ProxyFix

import cli
from blueprints import (
    account,
    admin,
    administrator_actions,
    agent_api,
    apple,
    apple_actions,
    device_actions,
    devices,
    enrolment,
    health,
    help_desk,
    information,
    passwords,
    registrations,
    sign_in,
)
from blueprints.shared import (
    access,
    apple_site,
    errors,
    jinja,
    language,
    security,
    session_cookie,
    static_files,
)
from cli.readable import one_line
from config import Config, ConfigError
from services import database, keyring
from services.apple import tls_root
from services.apple.tls_root import Root
from services.data_folder import open_data_folder

HERE = Path(__file__).parent

BLUEPRINTS = (
    account.blueprint,
    admin.blueprint,
    administrator_actions.blueprint,
    apple_actions.blueprint,
    device_actions.blueprint,
    devices.blueprint,
    enrolment.blueprint,
    health.blueprint,
    help_desk.blueprint,
    information.blueprint,
    passwords.blueprint,
    registrations.blueprint,
    sign_in.blueprint,
)
FOR_DEVICES = (agent_api.blueprint, apple.blueprint)


def create_app(config: Config | None = None, demo: bool = False) -> Flask:
    """The whole application. `demo` shows administrators what is otherwise hidden, and says so.

    Raises ConfigError, KeyringError or DatabaseProblem, with one line for the administrator, when it cannot start.
    """
    with one_line():
        config = config or Config.from_environment()
        root = _tls_root(config)
        open_data_folder(config.data)

    app = Flask(__name__, static_folder=None)
    _configure(app, config, demo, root)
    logging.getLogger("muster").setLevel(config.log_level.upper())
    Htmx(app)
    session_cookie.init(app)
    app.before_request(database.connect)
    access.init(app)
    security.init(app)
    language.init(app)
    jinja.init(app)
    errors.init(app)
    apple_site.init(app)
    for blueprint in BLUEPRINTS:
        app.register_blueprint(blueprint)
    for blueprint in FOR_DEVICES:
        app.register_blueprint(security.for_devices(blueprint))
    cli.init(app)
    _serve_static(app, config.data / "static")
    if config.trusted_proxies:
        hops = config.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    return app


def _tls_root(config: Config) -> Root | None:
    try:
        return tls_root.read(config.tls_root) if config.tls_root else None
    except tls_root.NotARoot as error:
        raise ConfigError(f"MUSTER_TLS_ROOT names {str(config.tls_root)!r}, {error}.") from None


def _serve_static(app: Flask, cache_folder: Path) -> None:
    with one_line():
        try:
            static_files.init(app, HERE / "static", cache_folder)
        except OSError as error:
            raise ConfigError(f"The folder {cache_folder} cannot be written: {error.strerror}.") from None


def _configure(app: Flask, config: Config, demo: bool, root: Root | None) -> None:
    """Everything else reads `app.config`; nothing else reads the environment."""
    app.config.update(
        SECRET_KEY=keyring.derive("flask session"),
        DATA=config.data,
        DEMO=demo,
        PUBLIC_URL=config.public_url,
        TLS_ROOT=root,
        TRUSTED_HOSTS=[config.public_host, "localhost", "127.0.0.1", "[::1]"],
        SESSION_COOKIE_NAME="__Host-muster" if config.is_https else "muster",
        SESSION_COOKIE_SECURE=config.is_https,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAIL_SERVER=config.mail_server,
        MAIL_PORT=config.mail_port,
        MAIL_SECURITY=config.mail_security,
        MAIL_USERNAME=config.mail_username or None,
        MAIL_PASSWORD=config.mail_password or None,
        MAIL_DEFAULT_SENDER=config.mail_sender,
        MAIL_CA_FILE=config.mail_ca_file,
        MUSTER=config,
    )

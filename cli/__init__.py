"""Flask commands, one module an area."""

from __future__ import annotations

from flask import Flask

from cli.accounts import create_admin
from cli.apple import apple, init_ca
from cli.audit import audit
from cli.demo import demo
from cli.doctor import doctor
from cli.migrate import migrate
from cli.serve import serve
from cli.settings import setting


def init(app: Flask) -> None:
    for command in (migrate, serve, create_admin, setting, demo, audit, doctor, init_ca, apple):
        app.cli.add_command(command)

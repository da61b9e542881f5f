"""The environment: every variable, its default, its limits, and the README's table."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from config import VARIABLES, Config, ConfigError

ROOT = Path(__file__).parent.parent


def test_an_empty_environment_has_every_default() -> None:
    config = Config.from_environment({})
    assert config == Config(data=Path("data").resolve())
    assert Config.from_environment({"PORT": "", "MUSTER_PUBLIC_URL": " "}) == config


def test_one_thing_follows_from_another() -> None:
    config = Config.from_environment({"PORT": "8123", "MUSTER_MAIL_SECURITY": "TLS"})
    assert config.public_url == "http://localhost:8123"
    assert config.mail_port == 465
    config = Config.from_environment({"MUSTER_PUBLIC_URL": "https://muster.harbour.example"})
    assert config.is_https
    assert config.mail_sender == "muster@muster.harbour.example"


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("https://Muster.Harbour.example/", "https://muster.harbour.example"),
        ("https://muster.harbour.example:443", "https://muster.harbour.example"),
        ("http://localhost:8000", "http://localhost:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_the_public_address_is_written_as_browsers_write_it(typed: str, meant: str) -> None:
    assert Config.from_environment({"MUSTER_PUBLIC_URL": typed}).public_url == meant


@pytest.mark.parametrize(
    "environment",
    [
        {"PORT": "0"},
        {"PORT": "http"},
        {"PORT": "٨٠"},
        {"PORT": "70000"},
        {"MUSTER_WORKERS": "-1"},
        {"MUSTER_THREADS": "1.5"},
        {"MUSTER_TRUSTED_PROXIES": "yes"},
        {"MUSTER_LOG_LEVEL": "loud"},
        {"MUSTER_MAIL_SECURITY": "ssl"},
        {"MUSTER_MAIL_PORT": "99999999999999999999"},
        {"MUSTER_PUBLIC_URL": "muster.harbour.example"},
        {"MUSTER_PUBLIC_URL": "ftp://muster.harbour.example"},
        {"MUSTER_PUBLIC_URL": "https://harbour.example/muster"},
        {"MUSTER_PUBLIC_URL": "https://user@harbour.example"},
        {"MUSTER_PUBLIC_URL": "https://harbour.example:port"},
        {"MUSTER_PUBLIC_URL": "https://[harbour.example"},
        {"MUSTER_TLS_CERTIFICATE": "/no/such/file.pem"},
        {"MUSTER_TLS_CERTIFICATE": __file__},
        {"MUSTER_TLS_KEY": __file__},
        {"MUSTER_TLS_ROOT": "/no/such/file.pem"},
        {"MUSTER_MAIL_CA_FILE": "/no/such/file.pem"},
        {"MUSTER_MAIL_PASSWORD": "x", "MUSTER_MAIL_PASSWORD_FILE": __file__},
    ],
)
def test_a_wrong_value_is_named(environment: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match="|".join(environment)):
        Config.from_environment(environment)


def test_the_mail_password_may_stand_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("a secret\n")
    assert Config.from_environment({"MUSTER_MAIL_PASSWORD_FILE": str(file)}).mail_password == "a secret"


def test_every_variable_that_is_read_is_listed() -> None:
    read = set(re.findall(r'"(PORT|MUSTER_[A-Z_]+)"', (ROOT / "config.py").read_text("utf-8")))
    assert read == {variable.name for variable in VARIABLES}


def test_the_readme_lists_every_variable() -> None:
    """The whole table, line by line: copy it from here when it has changed."""
    table = "\n".join(
        ["| variable | default | meaning |", "|---|---|---|"]
        + [
            f"| `{variable.name}` | {variable.default and f'`{variable.default}`'} | {variable.meaning} |"
            for variable in VARIABLES
        ]
    )
    assert table in (ROOT / "README.md").read_text("utf-8"), table

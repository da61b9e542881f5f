"""The commands that end at once: migrate, create-admin, setting, audit verify, doctor."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from models import AuditEntry, Role, User
from models import database as db
from services import database, permissions, settings, sign_in, users
from tests import mail_servers, push_service
from tests.conftest import PASSWORD, Clock

Run = Callable[..., Result]
NEW_PASSWORD = "eleven quiet tugboats home"


@pytest.fixture
def run(app: Flask) -> Run:
    """run("setting", "list"): what a command prints, and how it ends."""
    return lambda *words, **more: app.test_cli_runner().invoke(args=list(words), **more)


def test_migrating_what_is_current(run: Run) -> None:
    assert run("migrate").output == "The database is up to date.\n"


def test_migrating_an_empty_folder(run: Run, data: Path) -> None:
    database.close()
    (data / "muster.db").unlink()
    result = run("migrate")
    assert result.exit_code == 0
    assert result.output.splitlines()[0] == "Applied 0001_first_tables"
    database.connect()
    assert database.is_current()


def test_a_file_that_is_no_database_is_one_line(run: Run, data: Path) -> None:
    database.close()
    (data / "muster.db").write_text("hello")
    result = run("migrate")
    assert result.exit_code == 1
    assert result.output.startswith("Error: ")
    assert result.output.count("\n") == 1
    assert (data / "muster.db").read_text() == "hello"


def test_commands_say_when_there_is_no_database(run: Run, data: Path) -> None:
    database.close()
    (data / "muster.db").unlink()
    result = run("setting", "list")
    assert (result.exit_code, result.output) == (
        1,
        "Error: There is no database yet. Run: flask --app app migrate\n",
    )
    assert not (data / "muster.db").exists()


def test_create_admin_makes_one(run: Run) -> None:
    result = run("create-admin", "erin", input=f"Erin Walsh\n{NEW_PASSWORD}\n{NEW_PASSWORD}\n")
    assert result.exit_code == 0, result.output
    assert NEW_PASSWORD not in result.output
    erin = sign_in.attempt("erin", NEW_PASSWORD, "192.0.2.1")
    assert (erin.name, permissions.roles_of(erin)) == ("Erin Walsh", {Role.USER_PORTAL, Role.ADMINISTRATOR})


def test_create_admin_lets_somebody_back_in(run: Run, bob: User) -> None:
    users.disable(bob, by=None)
    result = run("create-admin", "Bob", "--password", NEW_PASSWORD)
    assert result.exit_code == 0, result.output
    bob = sign_in.attempt("bob", NEW_PASSWORD, "192.0.2.1")
    assert permissions.roles_of(bob) == {Role.USER_PORTAL, Role.LOCK, Role.ADMINISTRATOR}
    actions = [entry.action for entry in AuditEntry.select().where(AuditEntry.user == bob.code)]
    assert actions[-3:] == ["user:password:changed", "user:roles:changed", "user:account:enabled"]


def test_create_admin_refuses_a_weak_password_and_changes_nothing(run: Run, bob: User) -> None:
    result = run("create-admin", "bob", "--password", "short")
    assert (result.exit_code, result.output) == (
        1,
        "Error: Use at least 15 characters. A few words in a row will do.\n",
    )
    assert permissions.roles_of(bob) == {Role.USER_PORTAL, Role.LOCK}
    assert sign_in.attempt("bob", PASSWORD, "192.0.2.1") == bob


def test_settings_are_listed_with_what_they_mean(run: Run) -> None:
    run("setting", "set", "registration_hours", "8")
    lines = run("setting", "list").output.splitlines()
    assert "* registration_hours = 8" in lines
    assert "  pin_registration = on" in lines
    assert {line[2:].split(" = ")[0] for line in lines if " = " in line} == set(settings.RULES)


def test_a_setting_is_changed_and_read(run: Run) -> None:
    assert run("setting", "set", "qr_registration", "off").output == "qr_registration = off\n"
    assert run("setting", "get", "qr_registration").output == "off\n"
    assert settings.load().qr_registration is False
    assert AuditEntry.select().order_by(AuditEntry.id.desc()).get().action == "setting:value:changed"


def test_a_secret_setting_is_asked_for_and_never_shown(run: Run) -> None:
    address = "json://user:the-password@localhost/?:to={number}"
    assert run("setting", "get", "sms_gateway").output == "not set\n"
    said = run("setting", "set", "sms_gateway", input=f"{address}\n").output
    said += run("setting", "get", "sms_gateway").output + run("setting", "list").output
    said += run("setting", "set", "sms_gateway", address).output + run("doctor").output
    assert settings.secret("sms_gateway") == address
    assert "* sms_gateway = set" in said
    assert "ok  text messages: a gateway is set (json)" in said
    assert "the-password" not in said


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("set", "pin_length", "5"), "6 to 12"),
        (("set", "nonsense", "5"), "no setting called nonsense"),
        (("get", "nonsense"), "no setting called nonsense"),
    ],
)
def test_a_wrong_setting_is_one_line(run: Run, words: tuple[str, ...], says: str) -> None:
    result = run("setting", *words)
    assert result.exit_code == 1
    assert says in result.output
    assert result.output.count("\n") == 1


def test_a_whole_audit_is_whole(run: Run) -> None:
    result = run("audit", "verify")
    assert result.exit_code == 0
    assert result.output == f"The audit is whole: {AuditEntry.select().count()} entries.\n"


def test_a_changed_entry_shows(run: Run) -> None:
    db.execute_sql("UPDATE audit_entry SET action = 'user:sign_in:done' WHERE id = 2")
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert "entry 2 was changed" in result.output


@pytest.mark.parametrize(
    ("statement", "says"),
    [
        ("DELETE FROM audit_entry WHERE id = 2", "entries 2 to 2 are missing"),
        ("DELETE FROM audit_entry WHERE id = (SELECT max(id) FROM audit_entry)", "are missing"),
        (
            """INSERT INTO audit_entry
               (at, action, actor_kind, actor, user, device, params, text_digest, previous_hash, hash)
               SELECT at, 'user:sign_in:done', actor_kind, actor, user, device, params, text_digest, hash, 'made up'
               FROM audit_entry ORDER BY id DESC LIMIT 1""",
            "was changed",
        ),
    ],
    ids=["removed", "removed at the end", "inserted"],
)
def test_a_removed_and_an_inserted_entry_show(run: Run, statement: str, says: str) -> None:
    db.execute_sql("PRAGMA foreign_keys = 0")
    db.execute_sql(statement)
    result = run("audit", "verify")
    assert result.exit_code == 1
    assert says in result.output


def test_the_doctor_finds_all_well(run: Run) -> None:
    result = run("doctor")
    assert result.exit_code == 0, result.output
    assert all(line.startswith("ok ") for line in result.output.splitlines())
    for part in ("Python", "SQLite", "data folder", "key file", "whole and up to date", "no server is set"):
        assert part in result.output


def test_the_doctor_sees_an_open_key_and_folder(run: Run, data: Path) -> None:
    (data / "muster.key").chmod(0o644)
    data.chmod(0o755)
    result = run("doctor")
    assert result.exit_code == 1
    bad = [line for line in result.output.splitlines() if line.startswith("BAD")]
    assert len(bad) == 2
    assert all("chmod" in line for line in bad)


def test_the_doctor_sees_a_damaged_database(run: Run, data: Path) -> None:
    database.close()
    (data / "muster.db").write_bytes((data / "muster.db").read_bytes()[:9000])
    result = run("doctor")
    assert result.exit_code == 1
    assert "its end is missing" in result.output


def test_the_doctor_warns_of_a_library_that_loses_data(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "is_wal_safe", lambda: False)
    result = run("doctor")
    assert result.exit_code == 1
    assert "install pysqlite3" in result.output


@pytest.mark.parametrize(
    ("days_left", "says"),
    [
        (30, "ends in 30 days: renew it at identity.apple.com/pushcert"),
        (7, "ends in 7 days: renew it NOW at"),
        (0.01, "ends in 1 day: renew it NOW at"),
        (0, "has ended: renew it at"),
    ],
)
def test_the_doctor_warns_before_the_push_certificate_ends(
    run: Run, clock: Clock, tmp_path: Path, days_left: float, says: str
) -> None:
    push_service.install(push_service.Authority(tmp_path), clock, days_left)
    result = run("doctor")
    assert result.exit_code == 1
    assert f"BAD Apple: the push certificate {says}" in result.output


def test_the_doctor_asks_the_mail_server(app: Flask, run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(app.config, "MAIL_SERVER", "127.0.0.1")
    monkeypatch.setitem(app.config, "MAIL_SECURITY", "none")
    with mail_servers.running(mail_servers.Keeps()) as port:
        monkeypatch.setitem(app.config, "MAIL_PORT", port)
        assert "ok  mail: 127.0.0.1 answers" in run("doctor").output
    result = run("doctor")
    assert result.exit_code == 1
    assert "BAD mail: 127.0.0.1: unreachable" in result.output

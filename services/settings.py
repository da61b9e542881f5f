"""What an administrator may decide, with defaults and limits. Settings live in the database."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from models import Ownership, Platform, Proof, Setting, User, database
from services import audit, keyring, setting_rules
from services.refused import N_, Refused
from services.setting_rules import NOTIFICATIONS, RULES, SECRETS

IS_SET = "set"


@dataclass(frozen=True)
class Settings:
    """Every setting, with its default as the value of the attribute."""

    organisation: str = "Your organisation"
    help_desk_name: str = ""
    help_desk_email: str = ""
    help_desk_phone: str = ""
    help_desk_page: str = ""
    help_desk_hours: str = ""
    help_desk_text: str = ""
    registration_hours: int = 4
    pin_length: int = 6
    pin_registration: bool = True
    qr_registration: bool = True
    devices_per_user: int = 0
    platforms: str = ",".join(Platform)
    proof_linux: str = Proof.PASSWORD
    proof_macos: str = Proof.PASSWORD
    proof_windows: str = Proof.PASSWORD
    proof_ios: str = Proof.PASSWORD
    proof_android: str = Proof.PASSWORD
    default_ownership: str = Ownership.EMPLOYEE
    users_may_choose_ownership: bool = False
    idle_minutes: int = 15
    absolute_hours: int = 24
    time_zone: str = "UTC"
    language: str = "en"
    country: str = "GB"
    sign_in_failures: int = 6
    terms: str = ""
    admin_wipes_employee_devices: bool = False
    agent_poll_seconds: int = 60
    message_tries: int = 12
    reminder_minutes: int = 60
    notifications: str = ",".join(NOTIFICATIONS)
    sms_gateway: str = ""  # or "set": what it is, `secret` says
    sms_per_day: int = 10

    def proof(self, platform: str) -> Proof:
        """What /go asks for on this platform."""
        return Proof(getattr(self, f"proof_{Platform(platform)}"))

    def notifies(self, kind: str) -> bool:
        """Does this kind of notification go out?"""
        return kind in self.notifications.split(",")

    def allows(self, platform: str) -> bool:
        return platform in self.platforms.split(",")


DEFAULTS = Settings()


def load() -> Settings:
    """The settings as they stand. One small query; ask once a request."""
    return _settings_of(tuple(database.execute_sql("SELECT key, value FROM setting")))


def secret(key: str) -> str:
    """What a secret setting is; nothing when it is not set. Raises KeyringError without the right key file."""
    row = Setting.get_or_none(Setting.key == key)
    return keyring.unseal(base64.b64decode(row.value), _place(key)).decode() if row and row.value else ""


def put(key: str, text: str, by: User | None) -> str | int | bool:
    """Set one setting from what a person typed. Raises Refused (field = the key) when it may not be that.

    Returns its value; of a secret, only whether it is set.
    """
    parsed = parse(key, text)
    stored = _sealed(key, str(parsed)) if key in SECRETS and parsed else parsed
    value: str | int | bool = _loaded(key, stored)
    with database.atomic():
        Setting.insert(key=key, value=stored).on_conflict(
            conflict_target=[Setting.key], update={Setting.value: stored}
        ).execute()
        said = str(value) or "not set" if key in SECRETS else str(value)
        audit.append("setting:value:changed", by=by, params={"key": key}, text={"value": said})
    return value


def parse(key: str, text: str) -> str | int | bool:
    """What a typed text means for this setting. Raises Refused."""
    if key not in RULES:
        raise Refused(N_("There is no setting called %(key)s."), field="key", key=key)
    return setting_rules.parse(key, text, getattr(DEFAULTS, key))


@lru_cache(maxsize=8)
def _settings_of(rows: tuple[tuple[str, str], ...]) -> Settings:
    """Kept, because every request asks and they hardly ever change."""
    return Settings(**{key: _loaded(key, json.loads(value)) for key, value in rows if key in RULES})


def _loaded(key: str, stored: Any) -> Any:
    """What stands in Settings. A secret does not."""
    return IS_SET if key in SECRETS and stored else stored


def _sealed(key: str, value: str) -> str:
    return base64.b64encode(keyring.seal(value.encode(), _place(key))).decode()


def _place(key: str) -> str:
    return f"setting:{key}:value"

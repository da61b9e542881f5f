"""Every table of the first version: a frozen copy of the models, which may go on without it."""

from peewee import (
    SQL,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    Check,
    Database,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

STATUSES = (
    "pending",
    "verified",
    "enrolling",
    "active",
    "lost",
    "blocked",
    "retire_pending",
    "wipe_pending",
    "retired",
    "wiped",
    "expired",
    "cancelled",
)
ROLES = (
    "user_portal",
    "register",
    "lock",
    "unlock",
    "locate",
    "wipe",
    "retire",
    "change_ownership",
    "reset_pin",
    "reset_secure_apps_passcode",
    "trust",
    "help_desk",
    "administrator",
)
PLATFORMS = ("linux", "macos", "windows", "ios", "android")
OWNERSHIPS = ("company", "employee")
WAYS = ("invitation", "pin", "qr")
PROOFS = ("password", "pin", "both")
COMMAND_STATES = ("held", "queued", "sent", "acknowledged", "failed", "cancelled", "expired")
MESSAGE_STATES = ("waiting", "sending", "sent", "failed", "cancelled")


def one_of(column: str, values: tuple[str, ...]) -> Check:
    return Check("{} IN ({})".format(column, ", ".join(f"'{value}'" for value in values)))


class Table(Model):
    class Meta:
        legacy_table_names = False


class DeviceStatus(Table):
    name = CharField(primary_key=True)

    class Meta:
        table_name = "status"


class User(Table):
    code = CharField(unique=True)
    username = CharField(unique=True)
    name = CharField()
    name_search = CharField(index=True)
    email = CharField(default="")
    phone_number = CharField(default="")
    password_hash = TextField(null=True)
    password_changed_at = BigIntegerField(null=True)
    is_disabled = BooleanField(default=False)
    language = CharField(default="")
    time_zone = CharField(default="")
    created_at = BigIntegerField()


class UserRole(Table):
    user = ForeignKeyField(User, backref="role_rows", on_delete="CASCADE")
    role = CharField(constraints=[one_of("role", ROLES)])

    class Meta:
        indexes = ((("user", "role"), True),)


class UserSession(Table):
    token_hash = CharField(primary_key=True)
    code = CharField(unique=True)
    user = ForeignKeyField(User, backref="sessions", on_delete="CASCADE")
    created_at = BigIntegerField()
    last_seen_at = BigIntegerField()
    proved_at = BigIntegerField()
    browser = CharField(default="")
    address = CharField(default="")
    shown_once = BlobField(null=True)


class Throttle(Table):
    key = CharField(primary_key=True)
    failures = IntegerField(default=0)
    last_at = BigIntegerField()
    blocked_until = BigIntegerField(default=0)


class OneTimeLink(Table):
    token_hash = CharField(primary_key=True)
    purpose = CharField()
    user = ForeignKeyField(User, null=True, on_delete="CASCADE")
    created_at = BigIntegerField()
    expires_at = BigIntegerField()
    used_at = BigIntegerField(null=True)


class Device(Table):
    code = CharField(unique=True)
    user = ForeignKeyField(User, backref="devices", on_delete="RESTRICT")
    platform = CharField(constraints=[one_of("platform", PLATFORMS)])
    channel = CharField()
    status = CharField(constraints=[SQL("REFERENCES status (name)")], index=True)
    status_before = CharField(null=True)
    status_at = BigIntegerField()
    ownership = CharField(constraints=[one_of("ownership", OWNERSHIPS)])
    next_ownership = CharField(null=True)
    name = CharField(default="")
    name_search = CharField(default="", index=True)
    model = CharField(null=True, index=True)
    manufacturer = CharField(null=True, index=True)
    os_name = CharField(null=True, index=True)
    os_version = CharField(null=True, index=True)
    phone_number = CharField(null=True, index=True)
    carrier = CharField(null=True, index=True)
    imei = CharField(null=True, index=True)
    serial = CharField(null=True, index=True)
    stable_id = CharField(null=True, index=True)
    facts = JSONField(default=dict)
    facts_at = BigIntegerField(null=True)
    last_check_in_at = BigIntegerField(null=True, index=True)
    registered_at = BigIntegerField(null=True, index=True)
    created_at = BigIntegerField()
    credential_hash = CharField(null=True, unique=True)

    class Meta:
        indexes = ((("user", "status"), False),)


class Registration(Table):
    code = CharField(unique=True)
    user = ForeignKeyField(User, backref="registrations", on_delete="CASCADE")
    device = ForeignKeyField(Device, unique=True, backref="registration_rows", on_delete="CASCADE")
    way = CharField(constraints=[one_of("way", WAYS)])
    proof = CharField(constraints=[one_of("proof", PROOFS)])
    created_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    created_at = BigIntegerField()
    issued_at = BigIntegerField()
    expires_at = BigIntegerField()
    link_hash = CharField(null=True, unique=True)
    pin_hash = TextField(null=True)
    pin_tries = IntegerField(default=0)
    verified_at = BigIntegerField(null=True)
    accepted_terms_at = BigIntegerField(null=True)
    token_hash = CharField(null=True, unique=True)
    token_expires_at = BigIntegerField(null=True)
    token = BlobField(null=True)
    completed_at = BigIntegerField(null=True)
    reminded_at = BigIntegerField(null=True)


class Command(Table):
    code = CharField(unique=True)
    device = ForeignKeyField(Device, backref="commands", on_delete="CASCADE")
    kind = CharField()
    params = JSONField(default=dict)
    state = CharField(constraints=[one_of("state", COMMAND_STATES)])
    asked_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    reason = CharField(default="")
    detail = CharField(default="")
    not_before = BigIntegerField()
    created_at = BigIntegerField()
    sent_at = BigIntegerField(null=True)
    sent_count = IntegerField(default=0)
    finished_at = BigIntegerField(null=True)
    expires_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("device", "state"), False),)


Command.add_index(
    Command.index(
        Command.device,
        Command.kind,
        unique=True,
        name="command_one_live_of_a_kind",
        where=SQL("state IN ('held', 'queued', 'sent')"),
    )
)


class Message(Table):
    code = CharField(unique=True)
    kind = CharField()
    medium = CharField()
    recipient = CharField()
    user = ForeignKeyField(User, null=True, backref="messages", on_delete="SET NULL")
    device = ForeignKeyField(Device, null=True, backref="messages", on_delete="SET NULL")
    language = CharField(default="")
    time_zone = CharField(default="")
    params = BlobField(null=True)
    state = CharField(constraints=[one_of("state", MESSAGE_STATES)])
    tries = IntegerField(default=0)
    next_at = BigIntegerField()
    leased_until = BigIntegerField(null=True)
    reason = CharField(default="")
    detail = CharField(default="")
    created_at = BigIntegerField()
    sent_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("state", "next_at"), False), (("device", "created_at"), False))


class AuditEntry(Table):
    at = BigIntegerField()
    action = CharField(index=True)
    actor_kind = CharField()
    actor = CharField(default="", index=True)
    user = CharField(default="", index=True)
    device = CharField(default="", index=True)
    params = JSONField(default=dict)
    text_digest = CharField(default="")
    previous_hash = CharField()
    hash = CharField(unique=True)


class AuditText(Table):
    entry = ForeignKeyField(AuditEntry, primary_key=True, on_delete="CASCADE")
    salt = CharField()
    text = JSONField()


class AuditHead(Table):
    last = IntegerField()
    hash = CharField()


class Setting(Table):
    key = CharField(primary_key=True)
    value = JSONField(null=True)


TABLES = (
    DeviceStatus,
    User,
    UserRole,
    UserSession,
    Throttle,
    OneTimeLink,
    Device,
    Registration,
    Command,
    Message,
    AuditEntry,
    AuditText,
    AuditHead,
    Setting,
)


def up(migrator: object, db: Database) -> None:
    db.bind(TABLES)
    db.create_tables(TABLES, safe=False)
    DeviceStatus.insert_many([{"name": status} for status in STATUSES]).execute()

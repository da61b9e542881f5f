"""The tables: their fields, their constraints, and questions about one row."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from peewee import (
    SQL,
    AutoField,
    BigIntegerField,
    BlobField,
    BooleanField,
    CharField,
    DatabaseProxy,
    ForeignKeyField,
    IntegerField,
    JSONField,
    Model,
    TextField,
)

database = DatabaseProxy()


class Platform(StrEnum):
    """What kind of system a device runs. The channel table says how each is managed."""

    LINUX = "linux"
    MACOS = "macos"
    WINDOWS = "windows"
    IOS = "ios"
    ANDROID = "android"


class Ownership(StrEnum):
    """Whose device it is."""

    COMPANY = "company"
    EMPLOYEE = "employee"


class Status(StrEnum):
    """Where a device stands. `services.lifecycle` holds the table of how it gets there."""

    PENDING = "pending"
    VERIFIED = "verified"
    ENROLLING = "enrolling"
    ACTIVE = "active"
    LOST = "lost"
    BLOCKED = "blocked"
    RETIRE_PENDING = "retire_pending"
    WIPE_PENDING = "wipe_pending"
    RETIRED = "retired"
    WIPED = "wiped"
    EXPIRED = "expired"
    CANCELLED = "cancelled"


WAITING = (Status.PENDING, Status.VERIFIED, Status.ENROLLING)
ENROLLED = (Status.ACTIVE, Status.LOST, Status.BLOCKED, Status.RETIRE_PENDING, Status.WIPE_PENDING)
GONE = (Status.RETIRED, Status.WIPED)
ENDED = (*GONE, Status.EXPIRED, Status.CANCELLED)
COUNTED_BY_LIMIT = (*WAITING, Status.ACTIVE, Status.BLOCKED, Status.RETIRE_PENDING, Status.WIPE_PENDING)


class Role(StrEnum):
    """A named permission to do one thing in the portal."""

    USER_PORTAL = "user_portal"
    REGISTER = "register"
    LOCK = "lock"
    UNLOCK = "unlock"
    LOCATE = "locate"
    WIPE = "wipe"
    RETIRE = "retire"
    CHANGE_OWNERSHIP = "change_ownership"
    RESET_PIN = "reset_pin"
    RESET_SECURE_APPS_PASSCODE = "reset_secure_apps_passcode"
    TRUST = "trust"
    HELP_DESK = "help_desk"
    ADMINISTRATOR = "administrator"


class Way(StrEnum):
    """How a person started a registration."""

    INVITATION = "invitation"
    PIN = "pin"
    QR = "qr"


class Proof(StrEnum):
    """What a person must show on /go."""

    PASSWORD = "password"
    PIN = "pin"
    BOTH = "both"

    @property
    def asks_for_pin(self) -> bool:
        return self in (Proof.PIN, Proof.BOTH)

    @property
    def asks_for_password(self) -> bool:
        return self in (Proof.PASSWORD, Proof.BOTH)

    def is_enough_for(self, other: Proof) -> bool:
        """Whoever showed this has shown all that the other one asks for."""
        return self in (Proof.BOTH, other)


class CommandState(StrEnum):
    """How far an order to a device has come."""

    HELD = "held"
    QUEUED = "queued"
    SENT = "sent"
    ACKNOWLEDGED = "acknowledged"
    FAILED = "failed"
    CANCELLED = "cancelled"
    EXPIRED = "expired"


LIVE_COMMAND = (CommandState.HELD, CommandState.QUEUED, CommandState.SENT)


class Medium(StrEnum):
    """By what a message goes out."""

    MAIL = "mail"
    SMS = "sms"
    PUSH = "push"


class MessageState(StrEnum):
    """How far a mail, text or push has come."""

    WAITING = "waiting"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


def one_of(column: str, values: type[StrEnum]) -> SQL:
    """A CHECK constraint that allows only the values of an enumeration."""
    allowed = ", ".join(f"'{value}'" for value in values)
    return SQL(f"CHECK ({column} IN ({allowed}))")


class Table(Model):
    """Every table lives in the one database. Times are integer seconds since 1970 (UTC)."""

    if TYPE_CHECKING:  # peewee adds these by itself; declared so that types are checked
        id = AutoField()

    class Meta:
        database = database
        legacy_table_names = False


class DeviceStatus(Table):
    """The lookup table behind `Device.status`: all twelve rows from the first migration on."""

    name = CharField(primary_key=True)

    class Meta:
        table_name = "status"


class User(Table):
    """A person with an account."""

    if TYPE_CHECKING:
        known_roles: frozenset[Role]

    code = CharField(unique=True)
    username = CharField(unique=True)  # as `services.user_details.normalised` leaves it
    name = CharField()
    name_search = CharField(index=True)
    last_name_search = CharField(default="", index=True)  # its last word, for people who know only that
    email = CharField(default="")
    email_search = CharField(default="", index=True)
    phone_number = CharField(default="", index=True)  # E.164, or nothing
    password_hash = TextField(null=True)
    password_changed_at = BigIntegerField(null=True)
    is_disabled = BooleanField(default=False)
    language = CharField(default="")  # nothing: the organisation's
    time_zone = CharField(default="")
    created_at = BigIntegerField()

    @property
    def first_name(self) -> str:
        return self.name.split()[0] if self.name.split() else self.username


class UserRole(Table):
    """One role given to one user."""

    user = ForeignKeyField(User, backref="role_rows", on_delete="CASCADE")
    role = CharField(constraints=[one_of("role", Role)])

    class Meta:
        indexes = ((("user", "role"), True),)


class UserSession(Table):
    """One browser that is signed in. The token itself is only in the browser's cookie."""

    token_hash = CharField(primary_key=True)
    code = CharField(unique=True)
    user = ForeignKeyField(User, backref="sessions", on_delete="CASCADE")
    created_at = BigIntegerField()
    last_seen_at = BigIntegerField()
    proved_at = BigIntegerField()  # when the password was last given
    browser = CharField(default="")
    address = CharField(default="")
    shown_once = BlobField(null=True)  # encrypted: secrets for the next page to show


class Throttle(Table):
    """Failed attempts under one key (an account from an address, an address, ...)."""

    key = CharField(primary_key=True)
    failures = IntegerField(default=0)
    last_at = BigIntegerField()
    blocked_until = BigIntegerField(default=0)


class OneTimeLink(Table):
    """A link that works once: creating the first administrator, setting a forgotten password."""

    token_hash = CharField(primary_key=True)
    purpose = CharField()
    user = ForeignKeyField(User, null=True, on_delete="CASCADE")
    created_at = BigIntegerField()
    expires_at = BigIntegerField()
    used_at = BigIntegerField(null=True)


class Device(Table):
    """A phone, tablet or computer, from the moment somebody asks to register it."""

    if TYPE_CHECKING:
        user_id: int

    code = CharField(unique=True)
    user = ForeignKeyField(User, backref="devices", on_delete="RESTRICT")
    platform = CharField(constraints=[one_of("platform", Platform)])
    channel = CharField()
    status = CharField(constraints=[SQL("REFERENCES status (name)")], index=True)
    status_before = CharField(null=True)  # where a cancelled wipe or retire goes back to
    status_at = BigIntegerField()
    ownership = CharField(constraints=[one_of("ownership", Ownership)])
    next_ownership = CharField(null=True)  # counts from the next check-in on
    asked_ownership = CharField(null=True)  # an administrator asked for it; waits for the owner's consent
    asked_ownership_by = ForeignKeyField(User, null=True, backref="ownerships_asked", on_delete="SET NULL")
    name = CharField(default="")  # the owner's own name for it
    name_search = CharField(default="", index=True)
    model = CharField(null=True, index=True)
    manufacturer = CharField(null=True, index=True)
    os_name = CharField(null=True, index=True)
    os_version = CharField(null=True, index=True)
    phone_number = CharField(null=True, index=True)
    carrier = CharField(null=True, index=True)
    imei = CharField(null=True, index=True)
    serial = CharField(null=True, index=True)
    serial_search = CharField(default="", index=True)
    stable_id = CharField(null=True, index=True)
    facts = JSONField(default=dict)
    facts_at = BigIntegerField(null=True)
    last_check_in_at = BigIntegerField(null=True, index=True)
    registered_at = BigIntegerField(null=True, index=True)
    created_at = BigIntegerField()
    credential_hash = CharField(null=True, unique=True)

    class Meta:
        indexes = ((("user", "status"), False),)

    @property
    def is_waiting(self) -> bool:
        return self.status in WAITING

    @property
    def is_enrolled(self) -> bool:
        return self.status in ENROLLED

    @property
    def has_ended(self) -> bool:
        return self.status in ENDED


class Registration(Table):
    """The person's request to bring a device in: its way, what it asks for, and its secrets (hashed)."""

    if TYPE_CHECKING:
        user_id: int
        device_id: int
        created_by_id: int | None

    code = CharField(unique=True)
    user = ForeignKeyField(User, backref="registrations", on_delete="CASCADE")
    device = ForeignKeyField(Device, unique=True, backref="registration_rows", on_delete="CASCADE")
    way = CharField(constraints=[one_of("way", Way)])
    proof = CharField(constraints=[one_of("proof", Proof)])
    created_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    created_at = BigIntegerField()
    issued_at = BigIntegerField()  # when the living secrets were made
    expires_at = BigIntegerField()
    link_hash = CharField(null=True, unique=True)
    pin_hash = TextField(null=True)
    pin_tries = IntegerField(default=0)
    verified_at = BigIntegerField(null=True)
    accepted_terms_at = BigIntegerField(null=True)
    token_hash = CharField(null=True, unique=True)
    token_expires_at = BigIntegerField(null=True)
    token = BlobField(null=True)  # encrypted, for /go to show again until it is used
    completed_at = BigIntegerField(null=True)
    reminded_at = BigIntegerField(null=True)


class Command(Table):
    """One order to one device."""

    if TYPE_CHECKING:
        device_id: int
        asked_by_id: int | None

    code = CharField(unique=True)
    device = ForeignKeyField(Device, backref="commands", on_delete="CASCADE")
    kind = CharField()
    params = JSONField(default=dict)
    state = CharField(constraints=[one_of("state", CommandState)])
    asked_by = ForeignKeyField(User, null=True, on_delete="SET NULL")
    reason = CharField(default="")  # a code; blueprints turn it into a sentence
    detail = CharField(default="")  # the device's own words
    not_before = BigIntegerField()
    created_at = BigIntegerField()
    sent_at = BigIntegerField(null=True)
    sent_count = IntegerField(default=0)
    finished_at = BigIntegerField(null=True)
    expires_at = BigIntegerField(null=True)

    class Meta:
        indexes = ((("device", "state"), False), (("state", "expires_at"), False))

    @property
    def is_live(self) -> bool:
        return self.state in LIVE_COMMAND


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
    """One mail, text or push waiting in the outbox."""

    if TYPE_CHECKING:
        user_id: int | None
        device_id: int | None

    code = CharField(unique=True)
    kind = CharField()  # which template: invitation, pin, ...
    medium = CharField()  # one of Medium
    recipient = CharField()  # an address, a number, or the code of a device to wake
    user = ForeignKeyField(User, null=True, backref="messages", on_delete="SET NULL")
    device = ForeignKeyField(Device, null=True, backref="messages", on_delete="SET NULL")
    language = CharField(default="")
    time_zone = CharField(default="")
    params = BlobField(null=True)  # encrypted; erased once it is sent
    state = CharField(constraints=[one_of("state", MessageState)])
    tries = IntegerField(default=0)
    next_at = BigIntegerField()
    leased_until = BigIntegerField(null=True)
    reason = CharField(default="")  # a code
    detail = CharField(default="")  # the words of the server that it was handed to
    created_at = BigIntegerField()
    sent_at = BigIntegerField(null=True)

    class Meta:
        indexes = (
            (("state", "next_at"), False),
            (("device", "created_at"), False),
            (("recipient", "created_at"), False),
        )


class AuditEntry(Table):
    """One thing that happened. Each entry holds the hash of the one before it."""

    at = BigIntegerField()
    action = CharField(index=True)
    actor_kind = CharField()  # user, device, system
    actor = CharField(default="", index=True)  # a code
    user = CharField(default="", index=True)  # whose account or device
    device = CharField(default="", index=True)
    params = JSONField(default=dict)  # codes and numbers only
    text_digest = CharField(default="")
    previous_hash = CharField()
    hash = CharField(unique=True)


class AuditText(Table):
    """Names and free text of an entry. They can be erased; the chain stays whole."""

    if TYPE_CHECKING:
        entry_id: int

    entry = ForeignKeyField(AuditEntry, primary_key=True, on_delete="CASCADE")
    salt = CharField()
    text = JSONField()


class AuditHead(Table):
    """One row: where the chain ends, so that entries cut off its end are missed."""

    last = IntegerField()  # the newest entry's id
    hash = CharField()


class Setting(Table):
    """One thing an administrator decided. What has no row has its default."""

    key = CharField(primary_key=True)
    value = JSONField(null=True)


class DeviceAuthority(Table):
    """One row: what signs the certificates of Apple devices."""

    certificate = BlobField()  # DER
    key = BlobField()  # encrypted
    created_at = BigIntegerField()


class PushCertificate(Table):
    """One row: what lets us wake Apple devices. The next key waits beside it until Apple has signed it."""

    key = BlobField(null=True)  # encrypted
    certificate = BlobField(null=True)  # PEM
    topic = CharField(default="")
    ends_at = BigIntegerField(null=True)
    next_key = BlobField(null=True)  # encrypted


class AppleEnrolment(Table):
    """What an iPhone, iPad or Mac needs beyond its row in `device`."""

    if TYPE_CHECKING:
        device_id: int

    device = ForeignKeyField(Device, primary_key=True, backref="apple_rows", on_delete="CASCADE")
    udid = CharField(null=True, index=True)  # bound to the certificate by the first message
    topic = CharField(default="")
    has_user_channel = BooleanField(default=True)  # of the profile that it joined with
    push_token = BlobField(null=True)
    push_magic = BlobField(null=True)  # encrypted
    unlock_token = BlobField(null=True)  # encrypted
    bootstrap_token = BlobField(null=True)  # encrypted
    pushed_at = BigIntegerField(default=0)
    inventory = JSONField(default=dict)  # security, applications, profiles, certificates, place, lost_mode
    certificate_ends_at = BigIntegerField(null=True, index=True)  # of the one in use
    next_credential_hash = CharField(null=True, unique=True)  # a renewed certificate, until it is first used
    challenge_hash = CharField(null=True, unique=True)  # what earned a certificate, or may earn the next one
    challenge_expires_at = BigIntegerField(null=True)
    # The certificate (DER) that the challenge earned, should its answer be lost.
    issued = BlobField(null=True)


class ApplePin(Table):
    """The six digits that a Mac asks for once it was locked or wiped."""

    if TYPE_CHECKING:
        device_id: int

    command = ForeignKeyField(Command, primary_key=True, on_delete="CASCADE")
    device = ForeignKeyField(Device, backref="apple_pins", on_delete="CASCADE")
    pin = BlobField()  # encrypted
    created_at = BigIntegerField()


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
    DeviceAuthority,
    PushCertificate,
    AppleEnrolment,
    ApplePin,
)

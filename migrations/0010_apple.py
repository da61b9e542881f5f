"""Tables for iPhone, iPad and Mac: the device authority, the push certificate, and what a device told."""

from peewee import BigIntegerField, BlobField, CharField, Database, ForeignKeyField, JSONField, Model
from playhouse.migrate import SchemaMigrator


class Table(Model):
    class Meta:
        legacy_table_names = False


class Device(Table):
    pass


class Command(Table):
    pass


class DeviceAuthority(Table):
    certificate = BlobField()
    key = BlobField()
    created_at = BigIntegerField()


class PushCertificate(Table):
    key = BlobField(null=True)
    certificate = BlobField(null=True)
    topic = CharField(default="")
    ends_at = BigIntegerField(null=True)
    next_key = BlobField(null=True)


class AppleEnrolment(Table):
    device = ForeignKeyField(Device, primary_key=True, on_delete="CASCADE")
    udid = CharField(null=True, index=True)
    topic = CharField(default="")
    push_token = BlobField(null=True)
    push_magic = BlobField(null=True)
    unlock_token = BlobField(null=True)
    bootstrap_token = BlobField(null=True)
    pushed_at = BigIntegerField(default=0)
    inventory = JSONField(default=dict)


class ApplePin(Table):
    command = ForeignKeyField(Command, primary_key=True, on_delete="CASCADE")
    device = ForeignKeyField(Device, on_delete="CASCADE")
    pin = BlobField()
    created_at = BigIntegerField()


def up(migrator: SchemaMigrator, db: Database) -> None:
    tables = [DeviceAuthority, PushCertificate, AppleEnrolment, ApplePin]
    with db.bind_ctx([Device, Command, *tables]):
        for table in tables:
            table.create_table(safe=False)

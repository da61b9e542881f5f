"""Apple devices renew their certificates: when one ends, what earns the next, and which one was issued for it."""

from peewee import BigIntegerField, BlobField, CharField, Database
from playhouse.migrate import SchemaMigrator

# A certificate lives for 1,825 days. It was issued up to a day before the device counted as registered.
CERTIFICATE_SECONDS = 1_824 * 86_400


def up(migrator: SchemaMigrator, db: Database) -> None:
    table = "apple_enrolment"
    migrator.migrate(
        migrator.add_column(table, "certificate_ends_at", BigIntegerField(null=True, index=True)),
        migrator.add_column(table, "next_credential_hash", CharField(null=True, unique=True)),
        migrator.add_column(table, "challenge_hash", CharField(null=True, unique=True)),
        migrator.add_column(table, "challenge_expires_at", BigIntegerField(null=True)),
        migrator.add_column(table, "issued", BlobField(null=True)),
    )
    db.execute_sql(
        "UPDATE apple_enrolment SET certificate_ends_at = "
        "(SELECT coalesce(registered_at, created_at) FROM device WHERE id = device_id) + ?",
        (CERTIFICATE_SECONDS,),
    )

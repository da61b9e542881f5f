"""Whether a device joined with a user channel, which no later profile may add or remove. Only those of Macs had one."""

from peewee import BooleanField, Database
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.add_column("apple_enrolment", "has_user_channel", BooleanField(default=True)))
    db.execute_sql(
        "UPDATE apple_enrolment SET has_user_channel = "
        "(SELECT platform = 'macos' FROM device WHERE id = device_id)"
    )

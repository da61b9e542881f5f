"""Columns for finding people and devices by prefix, and for the owner's consent to another ownership."""

from peewee import CharField, Database, ForeignKeyField, Model
from playhouse.migrate import SchemaMigrator


class User(Model):
    class Meta:
        table_name = "user"


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(
        migrator.add_column("user", "last_name_search", CharField(default="", index=True)),
        migrator.add_column("device", "asked_ownership", CharField(null=True)),
        migrator.add_column(
            "device",
            "asked_ownership_by_id",
            ForeignKeyField(User, field=User.id, null=True, on_delete="SET NULL"),
        ),
        migrator.add_column("device", "serial_search", CharField(default="", index=True)),
    )
    db.execute_sql('UPDATE "user" SET last_name_search = name_search')
    db.execute_sql("UPDATE device SET serial_search = lower(serial) WHERE serial IS NOT NULL")

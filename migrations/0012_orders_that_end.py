"""Orders that have waited too long are found by their time: the worker asks every ten seconds."""

from peewee import Database
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.add_index("command", ("state", "expires_at")))

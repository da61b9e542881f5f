"""Finding what a number was sent lately, for the quota of text messages."""

from peewee import Database
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(migrator.add_index("message", ("recipient", "created_at")))

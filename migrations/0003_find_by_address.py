"""People are found by e-mail address, in any case, and by telephone number."""

from peewee import CharField, Database
from playhouse.migrate import SchemaMigrator


def up(migrator: SchemaMigrator, db: Database) -> None:
    migrator.migrate(
        migrator.add_column("user", "email_search", CharField(default="", index=True)),
        migrator.add_index("user", ("phone_number",)),
    )
    db.execute_sql('UPDATE "user" SET email_search = lower(email)')

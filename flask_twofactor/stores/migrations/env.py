"""Alembic's entry: migrate on the connection that `migrating` hands over."""

from alembic import context

from flask_twofactor.stores import schema

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=schema.metadata,
    version_table=schema.version.name,
    transaction_per_migration=False,
)
context.run_migrations()

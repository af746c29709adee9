"""Runs the migrations against DATABASE_URL."""

import os

from alembic import context
from sqlalchemy import create_engine, pool

from audio_upscaler.logs import configure_logging
from audio_upscaler.models import Base
from audio_upscaler.settings import database_url

# A migration that waits for a lock holds up every query behind it: rather fail, and try again.
LOCK_TIMEOUT = "-c lock_timeout=5s"


def migrate_online() -> None:
    configure_logging("INFO")
    engine = create_engine(
        database_url(os.environ),
        poolclass=pool.NullPool,
        connect_args={"options": LOCK_TIMEOUT},
    )
    with engine.connect() as connection:
        context.configure(connection=connection, target_metadata=Base.metadata)
        with context.begin_transaction():
            context.run_migrations()


def print_sql() -> None:
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


if context.is_offline_mode():
    print_sql()
else:
    migrate_online()

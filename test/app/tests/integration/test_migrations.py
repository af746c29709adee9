import pytest
from sqlalchemy import create_engine, inspect, text

from tests.integration.conftest import Alembic


def _columns(url: str) -> set[str]:
    engine = create_engine(url)
    inspector = inspect(engine)
    columns = inspector.get_columns("jobs") if inspector.has_table("jobs") else []
    engine.dispose()
    return {column["name"] for column in columns}


def test_every_step_up_and_down(empty_database: str, alembic: Alembic) -> None:
    seen = []
    for direction, revision in [
        ("upgrade", "0001"),
        ("upgrade", "0002"),
        ("downgrade", "0001"),
        ("downgrade", "base"),
        ("upgrade", "head"),
    ]:
        alembic(empty_database, direction, revision)
        seen.append(_columns(empty_database))

    first, second, back, base, head = seen
    assert second - first == {"attempts", "started_at", "finished_at"}
    assert (back, base, head) == (first, set(), second)


def test_models_match_the_migrations(migrated_database: str, alembic: Alembic) -> None:
    alembic(migrated_database, "check")


def test_the_previous_release_can_still_write(migrated_database: str) -> None:
    engine = create_engine(migrated_database)
    with engine.begin() as connection:
        attempts = connection.scalar(
            text(
                "INSERT INTO jobs (id, status, target_rate, source)"
                " VALUES (gen_random_uuid(), 'done', 48000, '') RETURNING attempts"
            )
        )
    engine.dispose()

    assert attempts == 0


def test_sql_can_be_reviewed_before_it_runs(
    alembic: Alembic, capsys: pytest.CaptureFixture[str]
) -> None:
    alembic("postgresql://unused/none", "upgrade", "head", True)

    assert "ALTER TABLE jobs ADD COLUMN attempts" in capsys.readouterr().out

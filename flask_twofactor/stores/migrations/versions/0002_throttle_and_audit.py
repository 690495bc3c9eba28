"""The whole throttle, known browsers, and the audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

KEY = sa.String(255)


def upgrade() -> None:
    """Add the counters, and make the browser, person and audit tables."""
    _counters()
    _known_browsers()
    _persons()
    _audit()


def downgrade() -> None:
    """Take all of them away."""
    for name in ("audit", "audit_number", "person", "known_browser"):
        op.drop_table(f"twofactor_{name}")
    op.drop_column("twofactor_authenticator", "failures")
    op.drop_column("twofactor_account", "told_until")
    op.drop_column("twofactor_account", "guesses")


def _counters() -> None:
    guesses = sa.Column("guesses", sa.String(1000), nullable=False, server_default=sa.text("''"))
    told_until = sa.Column("told_until", sa.Double, nullable=False, server_default="0")
    failures = sa.Column("failures", sa.Integer, nullable=False, server_default="0")
    op.add_column("twofactor_account", guesses)
    op.add_column("twofactor_account", told_until)
    op.add_column("twofactor_authenticator", failures)


def _known_browsers() -> None:
    op.create_table(
        "twofactor_known_browser",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("last_used_at", sa.Double, nullable=False),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("blocked_until", sa.Double, nullable=False, server_default="0"),
        sa.Column("told_until", sa.Double, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_known_browser"),
    )
    _index("known_browser", "user_key")
    _index("known_browser", "last_used_at")


def _persons() -> None:
    op.create_table(
        "twofactor_person",
        sa.Column("pseudonym", sa.String(32), nullable=False),
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("label", KEY, nullable=False),
        sa.PrimaryKeyConstraint("pseudonym", name="pk_twofactor_person"),
    )
    _index("person", "user_key", unique=True)


def _audit() -> None:
    numbers = op.create_table(
        "twofactor_audit_number",
        sa.Column("tenant", KEY, nullable=False),
        sa.Column("number", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_twofactor_audit_number"),
    )
    op.bulk_insert(numbers, [{"tenant": "", "number": 0}])
    op.create_table(
        "twofactor_audit",
        sa.Column("tenant", KEY, nullable=False),
        sa.Column("number", sa.BigInteger, autoincrement=False, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("name", sa.String(40), nullable=False),
        sa.Column("subject", sa.String(32), nullable=False),
        sa.Column("actor", sa.String(32)),
        sa.Column("body", sa.Text, nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "number", name="pk_twofactor_audit"),
    )
    _index("audit", "subject")
    _index("audit", "at")


def _index(table: str, column: str, *, unique: bool = False) -> None:
    name = f"ix_twofactor_{table}_{column}"
    op.create_index(name, f"twofactor_{table}", [column], unique=unique)

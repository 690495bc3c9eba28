"""Sent codes, and the budgets of what is sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.mysql import MEDIUMTEXT

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make both tables."""
    op.create_table(
        "twofactor_sent_code",
        sa.Column("binding", sa.String(80), nullable=False),
        sa.Column("user_key", sa.String(255), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("sent_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("tries", sa.Integer, nullable=False, server_default="0"),
        sa.Column("spent_at", sa.Double),
        sa.PrimaryKeyConstraint("binding", name="pk_twofactor_sent_code"),
    )
    _index("sent_code", "user_key")
    _index("sent_code", "purpose", "sent_at")
    log = sa.Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
    op.create_table(
        "twofactor_send_budget",
        sa.Column("id", sa.String(128), nullable=False),
        sa.Column("scope", sa.String(16), nullable=False),
        sa.Column("log", log, nullable=False),
        sa.Column("last_at", sa.Double, nullable=False),
        sa.Column("blocked_until", sa.Double, nullable=False, server_default="0"),
        sa.Column("told_until", sa.Double, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_send_budget"),
    )
    _index("send_budget", "last_at")


def downgrade() -> None:
    """Take both away."""
    for name in ("send_budget", "sent_code"):
        op.drop_table(f"twofactor_{name}")


def _index(table: str, *columns: str) -> None:
    name = f"ix_twofactor_{table}_{'_'.join(columns)}"
    op.create_index(name, f"twofactor_{table}", list(columns))

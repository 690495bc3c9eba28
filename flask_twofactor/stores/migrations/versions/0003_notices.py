"""Notices that wait to be sent."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the notice table, and note on accounts when a repeating notice was last queued."""
    noticed_at = sa.Column("noticed_at", sa.Double, nullable=False, server_default="0")
    op.add_column("twofactor_account", noticed_at)
    op.create_table(
        "twofactor_notice",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_key", sa.String(255), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("language", sa.String(35), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("try_at", sa.Double, nullable=False),
        sa.Column("body", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_notice"),
    )
    for column in ("user_key", "try_at"):
        op.create_index(f"ix_twofactor_notice_{column}", "twofactor_notice", [column])


def downgrade() -> None:
    """Take both away."""
    op.drop_table("twofactor_notice")
    op.drop_column("twofactor_account", "noticed_at")

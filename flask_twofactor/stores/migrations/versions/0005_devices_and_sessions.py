"""Trusted devices, where a session came from, and the digest of the password's fingerprint."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns, and make the table of devices."""
    op.add_column("twofactor_account", sa.Column("password_digest", sa.String(128)))
    for name, length in (("agent", 80), ("address", 64)):
        kept = sa.Column(name, sa.String(length), nullable=False, server_default=sa.text("''"))
        op.add_column("twofactor_proof", kept)
    op.create_table(
        "twofactor_trusted_device",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_key", sa.String(255), nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("last_used_at", sa.Double, nullable=False),
        sa.Column("address", sa.String(64), nullable=False),
        sa.Column("current", sa.String(64), nullable=False),
        sa.Column("successors", sa.String(256), nullable=False),
        sa.Column("ended_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_trusted_device"),
    )
    for column in ("user_key", "created_at"):
        name = f"ix_twofactor_trusted_device_{column}"
        op.create_index(name, "twofactor_trusted_device", [column])


def downgrade() -> None:
    """Take all of them away."""
    op.drop_table("twofactor_trusted_device")
    op.drop_column("twofactor_proof", "address")
    op.drop_column("twofactor_proof", "agent")
    op.drop_column("twofactor_account", "password_digest")

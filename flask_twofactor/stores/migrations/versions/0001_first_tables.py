"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

KEY = sa.String(255)


def upgrade() -> None:
    """Make the store, account, authenticator, code, hold, proof and setup tables."""
    _store_and_accounts()
    _authenticators()
    _holds()
    _proofs()
    _pending_setups()


def downgrade() -> None:
    """Take all of them away."""
    for name in (
        "pending_setup",
        "proof",
        "hold",
        "single_use_code",
        "authenticator",
        "account",
        "store",
    ):
        op.drop_table(f"twofactor_{name}")


def _store_and_accounts() -> None:
    op.create_table(
        "twofactor_store",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("store_id", sa.String(32), nullable=False),
        sa.Column("key_checks", sa.Text, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_store"),
    )
    op.create_table(
        "twofactor_account",
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False, server_default="0"),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("blocked_until", sa.Double, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("user_key", name="pk_twofactor_account"),
    )


def _authenticators() -> None:
    op.create_table(
        "twofactor_authenticator",
        sa.Column("id", sa.String(32), nullable=False),
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("name", sa.String(80), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("last_used_at", sa.Double),
        sa.Column("counter", sa.BigInteger, nullable=False, server_default="-1"),
        sa.Column("protects", sa.Boolean, nullable=False),
        sa.Column("data", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_authenticator"),
    )
    op.create_table(
        "twofactor_single_use_code",
        sa.Column("digest", sa.String(128), nullable=False),
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("authenticator_id", sa.String(32), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("spent_at", sa.Double),
        sa.PrimaryKeyConstraint("digest", name="pk_twofactor_single_use_code"),
    )
    _index("authenticator", "user_key")
    _index("single_use_code", "user_key")


def _holds() -> None:
    op.create_table(
        "twofactor_hold",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("password_at", sa.Double),
        sa.Column("consumed_at", sa.Double),
        sa.Column("released", sa.Boolean, nullable=False, server_default=sa.false()),
        sa.Column("kept", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_hold"),
    )
    _index("hold", "user_key")
    _index("hold", "expires_at")


def _proofs() -> None:
    op.create_table(
        "twofactor_proof",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("epoch", sa.Integer, nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("last_used_at", sa.Double, nullable=False),
        sa.Column("password_at", sa.Double),
        sa.Column("verified_at", sa.Double),
        sa.Column("fallback_at", sa.Double),
        sa.Column("revoked_at", sa.Double),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_proof"),
    )
    _index("proof", "user_key")
    _index("proof", "last_used_at")


def _pending_setups() -> None:
    op.create_table(
        "twofactor_pending_setup",
        sa.Column("id", sa.String(64), nullable=False),
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("method", sa.String(32), nullable=False),
        sa.Column("expires_at", sa.Double, nullable=False),
        sa.Column("kept", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_twofactor_pending_setup"),
    )
    _index("pending_setup", "user_key")
    _index("pending_setup", "expires_at")


def _index(table: str, column: str) -> None:
    op.create_index(f"ix_twofactor_{table}_{column}", f"twofactor_{table}", [column])

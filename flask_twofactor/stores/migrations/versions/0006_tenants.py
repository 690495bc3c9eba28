"""Rules of tenants, their people, and how far they came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

KEY = sa.String(255)
SORT = sa.String(255).with_variant(sa.String(255, collation="C"), "postgresql")
COLUMNS = (
    ("twofactor_account", "reset_at", sa.Double),
    ("twofactor_account", "setup_code", sa.String(128)),
    ("twofactor_account", "setup_code_until", sa.Double),
    ("twofactor_hold", "verified_at", sa.Double),
)


def upgrade() -> None:
    """Add the columns of a reset, and make the rule, member and adoption tables."""
    for table, name, kind in COLUMNS:
        op.add_column(table, sa.Column(name, kind))
    _rules()
    _members()
    op.create_table(
        "twofactor_adoption",
        sa.Column("tenant", KEY, nullable=False),
        sa.Column("day", sa.String(10), nullable=False),
        sa.Column("people", sa.Integer, nullable=False),
        sa.Column("ready", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("tenant", "day", name="pk_twofactor_adoption"),
    )


def downgrade() -> None:
    """Take all of them away."""
    for name in ("adoption", "member", "tenant_rule"):
        op.drop_table(f"twofactor_{name}")
    for table, name, _ in COLUMNS:
        op.drop_column(table, name)


def _rules() -> None:
    op.create_table(
        "twofactor_tenant_rule",
        sa.Column("tenant", KEY, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("mode", sa.String(16), nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("starts_on", sa.String(10)),
        sa.Column("grace_days", sa.Integer, nullable=False),
        sa.Column("methods", sa.Text),
        sa.Column("trusted_device_days", sa.Integer),
        sa.Column("backup_codes", sa.Integer),
        sa.Column("began", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("tenant", name="pk_twofactor_tenant_rule"),
    )


def _members() -> None:
    op.create_table(
        "twofactor_member",
        sa.Column("tenant", KEY, nullable=False),
        sa.Column("user_key", KEY, nullable=False),
        sa.Column("label", KEY, nullable=False),
        sa.Column("sort", SORT, nullable=False),
        sa.Column("roles", sa.Text, nullable=False),
        sa.Column("admin", sa.Boolean, nullable=False),
        sa.Column("ready", sa.Boolean, nullable=False),
        sa.Column("first_seen", sa.Double, nullable=False),
        sa.Column("listed_at", sa.Double),
        sa.Column("left_at", sa.Double),
        sa.Column("exempt_until", sa.Double),
        sa.Column("exempt_reason", sa.String(500)),
        sa.Column("reminded_by", sa.Double),
        sa.Column("reminded_days", sa.Integer),
        sa.PrimaryKeyConstraint("tenant", "user_key", name="pk_twofactor_member"),
    )
    _index("user_key")
    _index("tenant", "sort", "user_key")
    _index("tenant", "ready", "sort", "user_key")
    _index("tenant", "admin", "sort", "user_key")
    _index("tenant", "exempt_until")


def _index(*columns: str) -> None:
    op.create_index(f"ix_twofactor_member_{'_'.join(columns)}", "twofactor_member", list(columns))

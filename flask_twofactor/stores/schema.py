"""The extension's own tables, on its own MetaData; the host's tables are never named."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Double,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    false,
    text,
)
from sqlalchemy.dialects.mysql import MEDIUMTEXT

VERSION = "0007"
"""The newest schema version; the newest file in `migrations/versions` has the same."""

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

USER_KEY = String(255)
REFERENCE = String(64)
LOG = Text().with_variant(MEDIUMTEXT(), "mysql", "mariadb")
# Searched by its beginning, so it is compared byte by byte on every database.
SORT = String(255).with_variant(String(255, collation="C"), "postgresql")

version = Table("twofactor_version", metadata, Column("version_num", String(32), primary_key=True))

store = Table(
    "twofactor_store",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("store_id", String(32), nullable=False),
    Column("key_checks", Text, nullable=False),
    Column("created_at", Double, nullable=False),
)

account = Table(
    "twofactor_account",
    metadata,
    Column("user_key", USER_KEY, primary_key=True),
    Column("epoch", Integer, nullable=False, server_default="0"),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("blocked_until", Double, nullable=False, server_default="0"),
    Column("guesses", String(1000), nullable=False, server_default=text("''")),
    Column("told_until", Double, nullable=False, server_default="0"),
    Column("noticed_at", Double, nullable=False, server_default="0"),
    Column("password_digest", String(128)),
    Column("reset_at", Double),
    Column("setup_code", String(128)),
    Column("setup_code_until", Double),
)

authenticator = Table(
    "twofactor_authenticator",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("method", String(32), nullable=False),
    Column("name", String(80), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("last_used_at", Double),
    Column("counter", BigInteger, nullable=False, server_default="-1"),
    Column("protects", Boolean, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("data", Text, nullable=False),
    Index(None, "user_key"),
)

single_use_code = Table(
    "twofactor_single_use_code",
    metadata,
    Column("digest", String(128), primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("authenticator_id", String(32), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("spent_at", Double),
    Index(None, "user_key"),
)

hold = Table(
    "twofactor_hold",
    metadata,
    Column("id", REFERENCE, primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("password_at", Double),
    Column("consumed_at", Double),
    Column("released", Boolean, nullable=False, server_default=false()),
    Column("verified_at", Double),
    Column("kept", Text, nullable=False),
    Index(None, "user_key"),
    Index(None, "expires_at"),
)

proof = Table(
    "twofactor_proof",
    metadata,
    Column("id", REFERENCE, primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("method", String(32), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("last_used_at", Double, nullable=False),
    Column("password_at", Double),
    Column("verified_at", Double),
    Column("fallback_at", Double),
    Column("revoked_at", Double),
    Column("agent", String(80), nullable=False, server_default=text("''")),
    Column("address", String(64), nullable=False, server_default=text("''")),
    Index(None, "user_key"),
    Index(None, "last_used_at"),
)

trusted_device = Table(
    "twofactor_trusted_device",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("epoch", Integer, nullable=False),
    Column("name", String(80), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("last_used_at", Double, nullable=False),
    Column("address", String(64), nullable=False),
    Column("current", REFERENCE, nullable=False),
    Column("successors", String(256), nullable=False),
    Column("ended_at", Double),
    Index(None, "user_key"),
    Index(None, "created_at"),
)

pending_setup = Table(
    "twofactor_pending_setup",
    metadata,
    Column("id", REFERENCE, primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("method", String(32), nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("kept", Text, nullable=False),
    Index(None, "user_key"),
    Index(None, "expires_at"),
)

known_browser = Table(
    "twofactor_known_browser",
    metadata,
    Column("id", REFERENCE, primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("last_used_at", Double, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("blocked_until", Double, nullable=False, server_default="0"),
    Column("told_until", Double, nullable=False, server_default="0"),
    Index(None, "user_key"),
    Index(None, "last_used_at"),
)

sent_code = Table(
    "twofactor_sent_code",
    metadata,
    Column("binding", String(80), primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("digest", String(128), nullable=False),
    Column("sent_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("tries", Integer, nullable=False, server_default="0"),
    Column("spent_at", Double),
    Index(None, "user_key"),
    Index(None, "purpose", "sent_at"),
)

send_budget = Table(
    "twofactor_send_budget",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("log", LOG, nullable=False),
    Column("last_at", Double, nullable=False),
    Column("blocked_until", Double, nullable=False, server_default="0"),
    Column("told_until", Double, nullable=False, server_default="0"),
    Index(None, "last_at"),
)

person = Table(
    "twofactor_person",
    metadata,
    Column("pseudonym", String(32), primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("label", USER_KEY, nullable=False),
    Index(None, "user_key", unique=True),
)

audit_number = Table(
    "twofactor_audit_number",
    metadata,
    Column("tenant", USER_KEY, primary_key=True),
    Column("number", BigInteger, nullable=False),
)

audit = Table(
    "twofactor_audit",
    metadata,
    Column("tenant", USER_KEY, primary_key=True),
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Double, nullable=False),
    Column("name", String(40), nullable=False),
    Column("subject", String(32), nullable=False),
    Column("actor", String(32)),
    Column("body", Text, nullable=False),
    Column("digest", String(128), nullable=False),
    Index(None, "subject"),
    Index(None, "at"),
)

notice = Table(
    "twofactor_notice",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("kind", String(40), nullable=False),
    Column("at", Double, nullable=False),
    Column("language", String(35), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("try_at", Double, nullable=False),
    Column("body", Text, nullable=False),
    Index(None, "user_key"),
    Index(None, "try_at"),
)

step_up = Table(
    "twofactor_step_up",
    metadata,
    Column("id", REFERENCE, primary_key=True),
    Column("user_key", USER_KEY, nullable=False),
    Column("action", String(64), nullable=False),
    Column("created_at", Double, nullable=False),
    Column("expires_at", Double, nullable=False),
    Column("seen_at", Double),
    Column("used_at", Double),
    Index(None, "user_key"),
    Index(None, "expires_at"),
)

tenant_rule = Table(
    "twofactor_tenant_rule",
    metadata,
    Column("tenant", USER_KEY, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("mode", String(16), nullable=False),
    Column("roles", Text, nullable=False),
    Column("starts_on", String(10)),
    Column("grace_days", Integer, nullable=False),
    Column("methods", Text),
    Column("trusted_device_days", Integer),
    Column("backup_codes", Integer),
    Column("began", Text, nullable=False),
)

member = Table(
    "twofactor_member",
    metadata,
    Column("tenant", USER_KEY, primary_key=True),
    Column("user_key", USER_KEY, primary_key=True),
    Column("label", USER_KEY, nullable=False),
    Column("sort", SORT, nullable=False),
    Column("roles", Text, nullable=False),
    Column("admin", Boolean, nullable=False),
    Column("ready", Boolean, nullable=False),
    Column("first_seen", Double, nullable=False),
    Column("listed_at", Double),
    Column("left_at", Double),
    Column("exempt_until", Double),
    Column("exempt_reason", String(500)),
    Column("reminded_by", Double),
    Column("reminded_days", Integer),
    Index(None, "user_key"),
    Index(None, "tenant", "sort", "user_key"),
    Index(None, "tenant", "ready", "sort", "user_key"),
    Index(None, "tenant", "admin", "sort", "user_key"),
    Index(None, "tenant", "exempt_until"),
)

adoption = Table(
    "twofactor_adoption",
    metadata,
    Column("tenant", USER_KEY, primary_key=True),
    Column("day", String(10), primary_key=True),
    Column("people", Integer, nullable=False),
    Column("ready", Integer, nullable=False),
)

PERSONAL = (
    account,
    authenticator,
    single_use_code,
    hold,
    proof,
    trusted_device,
    pending_setup,
    known_browser,
    notice,
    step_up,
    sent_code,
    member,
)
"""The tables whose rows belong to a person, for `forget_user`."""

# MariaDB would else take "Ann" for "ann", and "ann " for "ann": keys are compared byte by byte.
COLLATION = "utf8mb4_nopad_bin"
for _table in metadata.sorted_tables:
    for _backend in ("mysql", "mariadb"):
        _table.kwargs[f"{_backend}_engine"] = "InnoDB"
        _table.kwargs[f"{_backend}_charset"] = "utf8mb4"
        _table.kwargs[f"{_backend}_collate"] = COLLATION


def create(connection: Connection) -> None:
    """Make the tables; that by which the store is recognised comes last.

    MariaDB commits each table by itself: half a store must look like none.
    """
    others = [table for table in metadata.sorted_tables if table is not store]
    for tables in (others, [store]):
        metadata.create_all(connection, tables)

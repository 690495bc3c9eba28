"""The writes of one transaction about trusted devices and about passwords that changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, or_, select, update

from flask_twofactor.core.devices import Presented, TrustedDevice

from . import schema, statements
from .sealing import KeyRing

FINGERPRINT = "fingerprint"


class Remembering:
    """A part of `SQLTransaction`; see `core.ports.Transaction`."""

    _connection: Connection
    _ring: KeyRing

    def drop_devices(self, user_key: str, device_ids: Sequence[str]) -> list[str]:
        """Delete those of these devices that are the user's, and give their ids."""
        if not device_ids:
            return []
        table = schema.trusted_device
        mine = (table.c.user_key == user_key, table.c.id.in_(device_ids))
        found = list(self._connection.execute(select(table.c.id).where(*mine)).scalars())
        self._connection.execute(delete(table).where(*mine))
        return found

    def add_device(self, device: TrustedDevice, *, oldest: float) -> None:
        """Trust a device; the user's rows that ended, by whatever, go."""
        table = schema.trusted_device
        over = (
            table.c.ended_at.is_not(None),
            table.c.epoch != device.epoch,
            table.c.created_at <= oldest,
        )
        mine = table.c.user_key == device.user_key
        self._connection.execute(delete(table).where(mine, or_(*over)))
        self._connection.execute(statements.ADD_DEVICE, asdict(device))

    def rotate_device(
        self, user_key: str, shown: Presented, new: str, *, oldest: float, now: float, address: str
    ) -> bool:
        """Take a value of a living device and add its successor; False if it is not good."""
        values = {
            "row": shown.device_id,
            "user": user_key,
            "presented": shown.value,
            "new": new,
            "floor": oldest,
            "now": now,
            "seen_at": address,
        }
        return self._connection.execute(statements.ROTATE_DEVICE, values).rowcount == 1

    def device(self, user_key: str, device_id: str) -> TrustedDevice | None:
        """Read one of the user's devices as it is now."""
        values = {"row": device_id, "user": user_key}
        row = self._connection.execute(statements.DEVICE, values).one_or_none()
        return None if row is None else TrustedDevice(*row)

    def rename_device(self, user_key: str, device_id: str, name: str) -> bool:
        """Rename one of the user's devices; False if there is none of that id."""
        table = schema.trusted_device
        mine = (table.c.id == device_id, table.c.user_key == user_key, table.c.ended_at.is_(None))
        return self._connection.execute(update(table).where(*mine).values(name=name)).rowcount == 1

    def end_device(self, user_key: str, device_id: str, now: float) -> bool:
        """End one of the user's devices; False if it was ended before."""
        values = {"row": device_id, "user": user_key, "now": now}
        return self._connection.execute(statements.END_DEVICE, values).rowcount == 1

    def end_devices(self, user_key: str, now: float) -> int:
        """End all the user's devices; give how many there were."""
        values = {"user": user_key, "now": now}
        return self._connection.execute(statements.END_DEVICES, values).rowcount

    def end_session(self, user_key: str, proof_id: str, now: float) -> bool:
        """End one of the user's sessions; False if it was ended before."""
        values = {"row": proof_id, "user": user_key, "now": now}
        return self._connection.execute(statements.END_SESSION, values).rowcount == 1

    def end_sessions_by(self, user_key: str, method: str, now: float) -> int:
        """End the user's sessions that one method let in; give how many there were."""
        table = schema.proof
        alive = (
            table.c.user_key == user_key,
            table.c.method == method,
            table.c.revoked_at.is_(None),
        )
        return self._connection.execute(update(table).where(*alive).values(revoked_at=now)).rowcount

    def learn_password(self, user_key: str, fingerprint: str, known: str | None) -> bool:
        """Keep the keyed digest of a fingerprint in the place of a known one, or of any."""
        table = schema.account
        mine = [table.c.user_key == user_key]
        if known is not None:
            mine.append(table.c.password_digest == known)
        digest = self._ring.digest(fingerprint, FINGERPRINT, user_key)
        learned = update(table).where(*mine).values(password_digest=digest)
        return self._connection.execute(learned).rowcount == 1


def compare(ring: KeyRing, user_key: str, fingerprint: str, kept: str | None) -> bool | None:
    """Say whether a fingerprint is the kept one; None if that cannot be known any more."""
    if kept is None or kept.rpartition(".")[0] not in ring.ids:
        return None
    return kept in ring.digests(fingerprint, FINGERPRINT, user_key)

"""What the settings page shows of trusted devices and sessions."""

from __future__ import annotations

from typing import Any

from flask_twofactor.flows import devices, sessions
from flask_twofactor.flows.acting import Acting
from flask_twofactor.web import agents, cookies
from flask_twofactor.web.state import app_state


def of_devices(acting: Acting) -> list[dict[str, Any]]:
    """Give the person's trusted devices as facts."""
    found = devices.listed(app_state().ports, acting, cookies.presented())
    return [
        {
            "id": one.device.id,
            "name": agents.name(one.device.name),
            "named": agents.is_named(one.device.name),
            "created_at": int(one.device.created_at),
            "last_used_at": int(one.device.last_used_at),
            "address": one.device.address,
            "is_this": one.is_this,
        }
        for one in found
    ]


def of_sessions(acting: Acting) -> list[dict[str, Any]]:
    """Give the person's sessions as facts."""
    return [
        {
            "id": one.proof.id,
            "name": agents.name(one.proof.agent),
            "method": one.proof.method,
            "created_at": int(one.proof.created_at),
            "last_used_at": int(one.proof.last_used_at),
            "address": one.proof.address,
            "is_this": one.is_this,
        }
        for one in sessions.listed(app_state().ports, acting)
    ]

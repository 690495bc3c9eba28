"""Two-factor authentication for Flask apps that use Flask-Login, by one line."""

from .core.errors import ConfigurationError as ConfigurationError
from .core.errors import RefusedError as RefusedError
from .core.errors import StoreError as StoreError
from .core.errors import TwoFactorError as TwoFactorError
from .core.notices import Message as Message
from .core.records import Event as Event
from .core.records import Status as Status
from .core.sending import Delivery as Delivery
from .extension import TwoFactor as TwoFactor
from .methods.backup_codes import BackupCodes as BackupCodes
from .methods.sms import SMS as SMS
from .methods.totp import TOTP as TOTP
from .web.decorators import step_up_required as step_up_required
from .web.decorators import two_factor_required as two_factor_required
from .web.signals import two_factor_event as two_factor_event
from .web.wsgi import TwoFactorGuard as TwoFactorGuard

__all__ = [
    "SMS",
    "TOTP",
    "BackupCodes",
    "ConfigurationError",
    "Delivery",
    "Event",
    "Message",
    "RefusedError",
    "Status",
    "StoreError",
    "TwoFactor",
    "TwoFactorError",
    "TwoFactorGuard",
    "step_up_required",
    "two_factor_event",
    "two_factor_required",
]

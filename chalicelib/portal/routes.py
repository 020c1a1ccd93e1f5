"""The portal as one face: every screen registers its own pages and forms."""

from chalicelib.portal import account, assets, batch, devices, licenses, log_in, seats, users
from chalicelib.portal.routing import face

__all__ = ["account", "assets", "batch", "devices", "face", "licenses", "log_in", "seats", "users"]

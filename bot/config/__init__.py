"""Every setting, and the ways out to the network: read once from the environment and `.env`.

`settings` holds one field per setting, `values` what a value may be, `network` the proxies and certificates.
"""

from bot.config.network import DIRECT, Network
from bot.config.settings import ENV_FILE, Needs, Settings, load, unknown_names
from bot.config.values import zone_named

__all__ = ["DIRECT", "ENV_FILE", "Needs", "Network", "Settings", "load", "unknown_names", "zone_named"]

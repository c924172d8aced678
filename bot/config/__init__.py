"""Every setting, and the ways out to the network: read once from the environment and `.env`.

`settings` holds one field per setting, `values` what a value may be, `env_file` what `.env` holds, `network` the
proxies and certificates; `loading` reads them all.
"""

from bot.config.env_file import ENV_FILE
from bot.config.loading import Needs, load
from bot.config.network import DIRECT, Network
from bot.config.settings import Settings, unknown_names
from bot.config.values import zone_named

__all__ = ["DIRECT", "ENV_FILE", "Needs", "Network", "Settings", "load", "unknown_names", "zone_named"]

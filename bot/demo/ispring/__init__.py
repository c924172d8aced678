"""A stand-in of iSpring Learn: the vendor's HTTP contract over loopback, with the oddities seen in the wild."""

from bot.demo.ispring.quirks import ALWAYS, Quirks
from bot.demo.ispring.server import IspringStandIn, Request

__all__ = ["ALWAYS", "IspringStandIn", "Quirks", "Request"]

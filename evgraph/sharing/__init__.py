"""Subscriptions of the same document, variables and rights, told together: each event is executed once, written once,
and the same bytes go to every socket. Whatever cannot be shared goes the plain way, and is told the same."""

from evgraph.sharing.handler import SharingHandler
from evgraph.sharing.hub import Sharing

__all__ = ["Sharing", "SharingHandler"]

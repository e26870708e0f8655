"""From those who changed something to those who watch: in one process, by garage."""

from evgraph.bus.in_process import EventBus, Feed, Lagged

__all__ = ["EventBus", "Feed", "Lagged"]

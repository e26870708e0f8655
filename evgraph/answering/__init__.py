"""How queries are answered: by plans where there is one, from what was answered before where nothing has changed."""

from evgraph.answering.planned import Planned
from evgraph.answering.plans import Plans
from evgraph.answering.queries import Queries

__all__ = ["Planned", "Plans", "Queries"]

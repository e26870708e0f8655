"""How operations are answered: by plans where there is one; queries from what was answered before, where nothing has
changed."""

from evgraph.answering.planned import Planned
from evgraph.answering.plans import Plans
from evgraph.answering.queries import DONE, Queries

__all__ = ["DONE", "Planned", "Plans", "Queries"]

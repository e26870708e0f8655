"""Documents compiled once into plans, and plans run over whole columns of objects: what graphql-core would answer, in a
fraction of its time. A plan knows Strawberry and graphql-core, and nothing of parking.

Whoever runs one must be ready for `Unplanned` and for any error of a resolver: then graphql-core is asked, which says
what went wrong where. So a plan need only be right where all goes well; and what a mutation changes is no part of it,
for that must not be done twice.
"""

from evgraph.execution.compiling import compile_plan, deciding_variables
from evgraph.execution.keeping import NOT_KEPT, Keeper
from evgraph.execution.loader import MISSING, Loader, Loads
from evgraph.execution.plan import Plan, Unplanned

__all__ = [
    "MISSING",
    "NOT_KEPT",
    "Keeper",
    "Loader",
    "Loading",
    "Loads",
    "Plan",
    "Unplanned",
    "compile_plan",
    "deciding_variables",
]

"""Every bill can be derived again, from the stored frames and the rates alone (C10).

`words` reads frames, `deriving` makes sessions of them, `comparing` holds these against the books, `ledger` loads both.
Of `deriving`: `session_lookup` finds the session that a message means, `late_readings` corrects one that has ended, and
`derived_sessions` is what both work on.
It shares the reader and the rules of the domain with the service, and nothing of the service itself: what that did with
a message, when, in which order and in which transaction, is what is to be proven.
"""

from evgraph.ocpp.replay.comparing import Difference, Kind, Report, Untold
from evgraph.ocpp.replay.ledger import Selection, UnknownSelection, replay

__all__ = ["Difference", "Kind", "Report", "Selection", "UnknownSelection", "Untold", "replay"]

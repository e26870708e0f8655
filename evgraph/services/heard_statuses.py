"""The statuses that were heard lately, to know one that is sent again after newer ones (B6)."""

from collections import OrderedDict, deque
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from evgraph.domain.port import PortStatus, StatusReport

_MOST_PORTS = 20_000
_MOST_OF_A_PORT = 8

_Heard = tuple[PortStatus, datetime]


class HeardStatuses:
    """In memory, bounded: the ports that were heard of longest ago are forgotten. After a restart every connection is
    a new one, and the stamps tell."""

    def __init__(self) -> None:
        self._by_port: OrderedDict[int, deque[_Heard]] = OrderedDict()
        # What was heard of the ports of an attempt before it began; null while there is none.
        self._before: dict[int, list[_Heard]] | None = None

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """What is heard in the block counts as heard only if the block ends without an error: what could not be saved
        was not answered, and is new when it is sent again. One at a time."""
        before: dict[int, list[_Heard]] = {}
        self._before = before
        try:
            yield
        except BaseException:
            for port_id, heard in before.items():
                self._by_port[port_id] = deque(heard, maxlen=_MOST_OF_A_PORT)
            raise
        finally:
            self._before = None

    def is_repeated(self, port_id: int, report: StatusReport) -> bool:
        """It came before, with the same stamp of the charger's, and a newer one since; else it is kept in mind. Where
        the stamps are the same, the clock may stand still, and says nothing."""
        heard = self._by_port.get(port_id)
        if heard is None:
            heard = self._by_port[port_id] = deque(maxlen=_MOST_OF_A_PORT)
            while len(self._by_port) > _MOST_PORTS:
                self._by_port.popitem(last=False)
        self._by_port.move_to_end(port_id)
        said = (report.status, report.stamped_at or report.at)
        if report.is_stamped and said in heard and heard[-1][1] > said[1]:
            return True
        if not heard or heard[-1] != said:
            if self._before is not None:
                self._before.setdefault(port_id, [*heard])
            heard.append(said)
        return False

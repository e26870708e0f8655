"""Ports get the names that stand on their stickers."""

from evgraph.domain.people import Right, Viewer
from evgraph.domain.port import Port, renamed
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.services import finding, reading
from evgraph.services.books import Books
from evgraph.services.permissions import missing


class Ports:
    def __init__(self, books: Books) -> None:
        self._books = books

    async def rename(self, viewer: Viewer, port_id: int, name: str | None) -> Port:
        """Raises Refusal NAME_TAKEN when another port of the garage bears the name, in any case of letters."""
        garage_id = await finding.port_garage(viewer, Right.NAME_PORTS, port_id)
        async with self._books.change(garage_id) as change:
            port = await change.port(port_id)
            if port is None:
                raise missing("port", "input", "portId")
            port = renamed(port, name)
            others = await reading.ports(garage_id=garage_id, is_reported=True)
            if any(other.name.casefold() == port.name.casefold() for other in others if other.id != port.id):
                raise Refusal(ErrorCode.NAME_TAKEN, f"Another port is named {port.name} already.", ("input", "name"))
            return await change.save_port(port)

"""graphql-transport-ws messages, and the frames of RFC 6455 that carry them."""

from collections.abc import Sequence
from typing import Any

import orjson
from graphql import GraphQLError

from evgraph.sockets import text_frame


class Parcel:
    """Messages for one operation id of any number of sockets: made once, and the same bytes for each."""

    __slots__ = ("_frames", "texts")

    def __init__(self, texts: Sequence[bytes]) -> None:
        self.texts = texts
        self._frames: bytes | None = None

    @property
    def frames(self) -> bytes:
        if self._frames is None:
            self._frames = b"".join(map(text_frame, self.texts))
        return self._frames


def of_next(id_: bytes, payloads: Sequence[bytes]) -> Parcel:
    """`id_` in JSON; a message for each payload."""
    head = b'{"id":' + id_ + b',"type":"next","payload":'
    return Parcel([head + payload + b"}" for payload in payloads])


def of_end(id_: bytes, error: GraphQLError) -> Parcel:
    """The error, and that nothing follows."""
    payload = orjson.dumps({"data": None, "errors": [error.formatted]})
    return Parcel([*of_next(id_, [payload]).texts, b'{"id":' + id_ + b',"type":"complete"}'])


def json_of(value: Any) -> bytes:
    return orjson.dumps(value)

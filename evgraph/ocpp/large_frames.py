"""Large frames (rule C6): read off the event loop when they fit the limit, and told by their first bytes when not."""

import asyncio
import json
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from evgraph.ocpp.frame_budget import SMALL_FRAME
from evgraph.ocpp.redaction import redacted, redacted_bytes

# What an oversized frame is told by, in the ASGI message that stands for it.
OVERSIZED: Final = "evgraph.oversized"
FIRST_BYTES: Final = 4096

_LONGEST_ACTION = 60
_CALL_HEAD = re.compile(
    r'[\ufeff\x00\s]*\[\s*2\s*,\s*(?:"(?:[^"\\]|\\.){0,200}"|[-+.\w]{1,50})\s*,\s*("(?:[^"\\]|\\.){1,60}")'
)
_METER_STOP = re.compile(r'"meterStop"\s*:\s*"?(\d{1,10})(?:\.0*)?"?\s*[,}]')

T = TypeVar("T")

# One thread: with more of them, the event loop would wait longer for its turn at the interpreter.
_worker = ThreadPoolExecutor(1, thread_name_prefix="large-frames")


async def off_loop(raw: str, work: Callable[..., T], *arguments: Any) -> T:
    """The result of `work(*arguments)`, computed in a worker thread if the frame `raw` is large, else right here."""
    if len(raw) <= SMALL_FRAME:
        return work(*arguments)
    return await asyncio.get_running_loop().run_in_executor(_worker, work, *arguments)


@dataclass(frozen=True, slots=True)
class Oversized:
    """A message over its connection's limit. `size` and `limit` in bytes; of a fragmented one, `size` is what was
    announced when the limit was passed. `head`: its first bytes, at most FIRST_BYTES."""

    size: int
    limit: int
    head: bytes

    def text(self) -> str:
        """Its first bytes as they may be stored, without secrets (C10). Of what is not a CALL only what precedes its
        payload: a secret may stand before the name that it is recognized by. Of what is no text, hex digits."""
        text = self.head.decode("utf-8", "replace").rstrip("\ufffd").replace("\x00", "")
        if _is_call(text):
            return redacted(text)
        return text.partition("{")[0][:_LONGEST_ACTION] or redacted_bytes(self.head[:_LONGEST_ACTION])

    def action(self) -> str | None:
        """The action of the CALL, None if it cannot be read from the first bytes."""
        found = _CALL_HEAD.match(self.head.decode("utf-8", "replace"))
        if found is None:
            return None
        try:
            action = json.loads(found[1], strict=False)
        except ValueError:
            return None
        return str(action)[:_LONGEST_ACTION] or None

    def meter_stop_wh(self) -> int | None:
        """The meterStop of a StopTransaction, in Wh; None if it cannot be read from the first bytes."""
        found = _METER_STOP.search(self.head.decode("utf-8", "replace"))
        return int(found[1]) if found is not None and self.action() == "StopTransaction" else None


def _is_call(text: str) -> bool:
    return _CALL_HEAD.match(text) is not None

"""Idempotency (idempotencyKey): the same key and input answer as the first call did, also across a restart, and when
two arrive at once in one process or in two: the answer that is stored first counts for both. The same key with another
input is IDEMPOTENCY_CONFLICT."""

import asyncio
import hashlib
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, TypeVar

from tortoise.exceptions import IntegrityError

from evgraph.domain.people import Viewer
from evgraph.domain.refusals import ErrorCode, Refusal
from evgraph.models import IdempotencyRow
from evgraph.services.interfaces import Clock

T = TypeVar("T")
Answer = dict[str, Any]
_FIELD = ("input", "idempotencyKey")
_LONGEST_KEY = 200


class Claim:
    """A call's right to answer first. `keep` is called in the transaction that does what the answer tells."""

    def __init__(self, row: IdempotencyRow | None) -> None:
        self._row = row

    async def keep(self, answer: Answer) -> None:
        """Stores the ids to answer with again. Raises IntegrityError where another call with this key answered first:
        the transaction is undone then, and that answer counts."""
        if self._row is None:
            return
        self._row.answer = answer
        await self._row.save(force_create=True)

    async def keep_refusal(self, refusal: Refusal) -> None:
        """Instead of what this call stored, if anything. Raises IntegrityError where another answered first."""
        if self._row is None:
            return
        self._row.answer = {"refusal": {"code": refusal.code.value, "message": refusal.message, "field": refusal.field}}
        # A transaction that was undone leaves an id here, and no row.
        stored = IdempotencyRow.filter(id=self._row.id) if self._row.id else None
        if stored is None or not await stored.filter(**self._place()).update(answer=self._row.answer):
            self._row.id = None  # type: ignore[assignment]
            await self._row.save(force_create=True)

    def _place(self) -> dict[str, Any]:
        assert self._row is not None
        return {"person_id": self._row.person_id, "operation": self._row.operation, "key": self._row.key}


class Once:
    """Runs a keyed call once, in a task of its own: a client that hangs up does not stop half of it."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._running: dict[tuple[int, str, str], tuple[str, asyncio.Task[Any]]] = {}
        self._unkeyed: set[asyncio.Task[Any]] = set()

    async def run(
        self,
        viewer: Viewer,
        operation: str,
        command: Any,
        *,
        work: Callable[[Claim], Awaitable[T]],
        replay: Callable[[Mapping[str, Any]], Awaitable[T]],
    ) -> T:
        """`command` is a dataclass with `idempotency_key`; `replay` loads what a kept answer names. Where the answer is
        kept before the work is done, `replay` waits until the work is done in the other process."""
        key: str | None = command.idempotency_key
        if key is None:
            return await self.to_the_end(work(Claim(None)))
        if not key or len(key) > _LONGEST_KEY:
            raise Refusal(ErrorCode.INVALID, f"An idempotencyKey has 1 to {_LONGEST_KEY} characters.", _FIELD)
        place, digest = (viewer.id, operation, key), _digest(command)
        if place in self._running:
            running_digest, running = self._running[place]
            _same_input(running_digest, digest)
            return await asyncio.shield(running)
        keyed = asyncio.ensure_future(self._keyed(place, digest, work, replay))
        self._running[place] = (digest, keyed)
        keyed.add_done_callback(lambda _: self._running.pop(place, None))
        return await asyncio.shield(keyed)

    async def to_the_end(self, work: Awaitable[T]) -> T:
        """For what must be recorded once a charge point was asked, whether or not its client still listens."""
        task = asyncio.ensure_future(work)
        self._unkeyed.add(task)
        task.add_done_callback(self._unkeyed.discard)
        return await asyncio.shield(task)

    async def close(self) -> None:
        """Waits for what is under way."""
        tasks = [*self._unkeyed, *(task for _, task in self._running.values())]
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _keyed(
        self,
        place: tuple[int, str, str],
        digest: str,
        work: Callable[[Claim], Awaitable[T]],
        replay: Callable[[Mapping[str, Any]], Awaitable[T]],
    ) -> T:
        kept = await self._kept(place, digest)
        if kept is not None:
            return await self._again(kept, replay)
        person_id, operation, key = place
        row = IdempotencyRow(person_id=person_id, operation=operation, key=key, input_hash=digest, at=self._clock.now())
        claim = Claim(row)
        try:
            try:
                return await work(claim)
            except Refusal as refusal:
                await claim.keep_refusal(refusal)
                raise
        except IntegrityError:
            # Another process answered first. What this call found out came of that, or is undone.
            kept = await self._kept(place, digest)
            if kept is None:
                raise
            return await self._again(kept, replay)

    async def _kept(self, place: tuple[int, str, str], digest: str) -> Answer | None:
        person_id, operation, key = place
        row = await IdempotencyRow.get_or_none(person_id=person_id, operation=operation, key=key)
        if row is None:
            return None
        _same_input(row.input_hash, digest)
        return row.answer

    @staticmethod
    async def _again(kept: Answer, replay: Callable[[Mapping[str, Any]], Awaitable[T]]) -> T:
        refusal = kept.get("refusal")
        if refusal is not None:
            field = refusal["field"]
            raise Refusal(ErrorCode(refusal["code"]), refusal["message"], tuple(field) if field else None)
        return await replay(kept)


def _digest(command: Any) -> str:
    content = {name: value for name, value in asdict(command).items() if name != "idempotency_key"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()


def _same_input(first: str, second: str) -> None:
    if first != second:
        raise Refusal(
            ErrorCode.IDEMPOTENCY_CONFLICT, "This idempotencyKey was used with another input. Make a new one.", _FIELD
        )

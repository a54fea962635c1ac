"""How many requests a server is given at a time: several, or one where it serves just one."""

import asyncio


class Gate:
    """Lets so many requests through at a time; `async with` says whether that is just one.

    Args:
        most: requests at once.
    """

    def __init__(self, most: int) -> None:
        """Open the gate."""
        self._turns = asyncio.Semaphore(most)
        self._most = most
        self._surplus = 0

    async def __aenter__(self) -> bool:
        """Wait for a turn."""
        await self._turns.acquire()
        return self._most == 1

    async def __aexit__(self, *_: object) -> None:
        """Give the turn back, but for those that there shall be no more."""
        if self._surplus:
            self._surplus -= 1
        else:
            self._turns.release()

    async def narrow(self) -> None:
        """Let one request through at a time, once those that are through are done."""
        self._surplus += self._most - 1
        self._most = 1
        while self._surplus and not self._turns.locked():
            await self._turns.acquire()
            self._surplus -= 1

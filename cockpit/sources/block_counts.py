"""How many things each block of a big file holds, in eight bytes a block: enough to find the n-th of a million again.

Pure: fed with bytes, or told of places. A file of 2 GB takes 256 KiB, however many lines it has.
"""

from array import array
from bisect import bisect_right

BLOCK = 64 * 1024
"""Bytes of a block."""


class BlockCounts:
    """Counts of things at rising offsets. Entries that were made never change, so it may be read while it grows.

    Args:
        block: Bytes of a block.
    """

    def __init__(self, block: int = BLOCK) -> None:
        self.block = block
        self._before = array("Q", (0,))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def add(self, offset: int) -> None:
        """One more, at an offset that is not before the last one."""
        number = offset // self.block
        while len(self._before) <= number:
            self._before.append(self._count)
        self._count += 1

    def place(self, n: int) -> tuple[int, int]:
        """The block that holds the `n`-th thing (from 0), and how many of that block come before it."""
        number = bisect_right(self._before, n) - 1
        return number, n - self._before[number]

    def before(self, number: int) -> int:
        """How many things the blocks before block `number` hold."""
        return self._before[number] if number < len(self._before) else self._count


class Newlines(BlockCounts):
    """The line breaks of a file that is read from its start.

    Attributes:
        size: Bytes fed so far.
    """

    def __init__(self, block: int = BLOCK) -> None:
        super().__init__(block)
        self.size = 0

    def feed(self, data: bytes) -> None:
        """The next bytes of the file."""
        start = 0
        while start < len(data):
            end = min(len(data), start + self.block - self.size % self.block)
            self._count += data.count(b"\n", start, end)
            self.size += end - start
            if self.size % self.block == 0:
                self._before.append(self._count)
            start = end

"""Finding by letters that stand in order: `rsm` finds `run.resume`. Pure, and quick over ten thousand names."""

import re
from collections.abc import Iterable
from functools import lru_cache


def best(search: str, names: Iterable[tuple[str, str]], most: int) -> list[str]:
    """The ids of the names that fit best, best first; in their own order where nothing is searched for.

    Args:
        search: Words; each must fit, in any order.
        names: Ids with the text that is searched.
        most: At most so many.
    """
    wanted = search.casefold().split()
    if not wanted:
        found = []
        for name, _ in names:
            found.append(name)
            if len(found) == most:
                break
        return found
    scored: list[tuple[int, int, str]] = []
    for place, (name, text) in enumerate(names):
        folded = text.casefold()
        total = 0
        for word in wanted:
            points = score(word, folded)
            if points is None:
                break
            total += points
        else:
            scored.append((-total, place, name))
    scored.sort()
    return [name for _, _, name in scored[:most]]


def score(word: str, text: str) -> int | None:
    """How well a word fits a text, both folded; `None` where its letters do not stand there in order.

    Behind a NUL stands what counts only where the word is in it in one piece, such as a sentence of help. The word in
    one piece counts most, and more at the beginning of a part; scattered letters count by how close
    together they stand.
    """
    at = text.find(word)
    if at >= 0:
        begins = at == 0 or not text[at - 1].isalnum()
        return 1_000 + (200 if begins else 0) + (100 if len(text) == len(word) else 0) - min(at, 90)
    found = _scattered(word).search(text.partition("\0")[0])
    if found is None:
        return None
    return max(1, 500 - 10 * (found.end() - found.start() - len(word)) - min(found.start(), 50))


@lru_cache(maxsize=64)
def _scattered(word: str) -> "re.Pattern[str]":
    return re.compile(".*?".join(map(re.escape, word)), re.DOTALL)

"""What is learnt: conversations, one JSON object a line, `{"messages": [{"role": "user", "content": "..."}, ...]}`."""

import json
from typing import Any


def conversations(text: str) -> list[list[dict[str, str]]]:
    """The conversations of a JSON Lines file. Raises ValueError with the line's number."""
    found: list[list[dict[str, str]]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            messages: Any = json.loads(line)["messages"]
            turns = [{"role": str(turn["role"]), "content": str(turn["content"])} for turn in messages]
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(f'line {number} is not {{"messages": [{{"role", "content"}}]}}: {error!r}') from None
        if not turns or turns[-1]["role"] != "assistant":
            raise ValueError(f"line {number} does not end with what the assistant says, so there is nothing to learn")
        found.append(turns)
    if not found:
        raise ValueError("there are no conversations")
    return found


IGNORED = -100
"""Label of tokens that are read and not learnt (torch, CrossEntropyLoss.ignore_index)."""


def labelled(prompt: list[int], whole: list[int], longest: int) -> tuple[list[int], list[int]]:
    """Tokens and labels of a conversation, of which the last answer is learnt.

    `prompt` are the tokens up to that answer, `whole` those with it. What is too long loses its beginning.
    """
    same = 0
    while same < min(len(prompt), len(whole)) and prompt[same] == whole[same]:
        same += 1
    labels = [IGNORED] * same + whole[same:]
    return whole[-longest:], labels[-longest:]


def padded(
    rows: list[tuple[list[int], list[int]]], pad: int
) -> tuple[list[list[int]], list[list[int]], list[list[int]]]:
    """Tokens, labels and attention of a micro-batch, filled up on the right."""
    width = max(len(tokens) for tokens, _ in rows)
    tokens = [row + [pad] * (width - len(row)) for row, _ in rows]
    labels = [row + [IGNORED] * (width - len(row)) for _, row in rows]
    seen = [[1] * len(row) + [0] * (width - len(row)) for row, _ in rows]
    return tokens, labels, seen

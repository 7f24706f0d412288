"""The fine-tuning example: what is learnt when, and what survives a worker that is stopped. Needs no torch."""

from collections.abc import Iterable

import pytest
from finetune.examples import IGNORED, conversations, labelled, padded
from finetune.plan import Progress, epoch_order, learning_rate, next_batch, share
from finetune.store import located, newest, outdated, part, save, whole


class Memory:
    """A store that may be stopped after some writes."""

    def __init__(self, stops_after: int | None = None) -> None:
        self.files: dict[str, bytes] = {}
        self._left = stops_after

    def names(self, below: str) -> list[str]:
        return [name for name in self.files if name.startswith(f"{below}/")]

    def read(self, name: str) -> bytes:
        return self.files[name]

    def write(self, name: str, data: bytes) -> None:
        if self._left == 0:
            raise KeyboardInterrupt
        self._left = None if self._left is None else self._left - 1
        self.files[name] = data

    def remove(self, names: Iterable[str]) -> None:
        for name in names:
            del self.files[name]


@pytest.mark.parametrize("world", [1, 2, 3, 8])
@pytest.mark.parametrize("size", [1, 7, 64])
def test_every_example_of_a_batch_counts_once_whatever_the_number_of_workers(world: int, size: int) -> None:
    batch = list(range(100, 100 + size))
    shares = [share(batch, rank, world, micro=4) for rank in range(world)]
    assert len({(len(one), *(len(micro) for micro in one)) for one in shares}) == 1
    weights = dict.fromkeys(batch, 0.0)
    for one in shares:
        for micro in one:
            for example, weight in micro:
                weights[example] += weight / world
    assert weights == pytest.approx(dict.fromkeys(batch, 1 / size))


def learnt(worlds: list[int], count: int, batch: int) -> list[list[int]]:
    """The batches of two epochs, where the number of workers changes between steps."""
    progress, seen = Progress(), []
    for step in range(2 * -(-count // batch)):
        chosen = next_batch(epoch_order(count, progress.epoch, seed=1), progress, batch)
        shares = [share(chosen, rank, worlds[step % len(worlds)], 2) for rank in range(worlds[step % len(worlds)])]
        seen.append(sorted({example for one in shares for micro in one for example, weight in micro if weight}))
        progress = progress.after(len(chosen), count)
    assert progress == Progress(2, 0)
    return seen


def test_workers_that_come_and_go_change_nothing_of_what_is_learnt() -> None:
    assert learnt([1], 50, 16) == learnt([2, 1, 3], 50, 16)


def test_an_epoch_has_every_example_once_and_another_order_than_the_last() -> None:
    first, second = epoch_order(50, 0, 1), epoch_order(50, 1, 1)
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second


def test_steps_count_the_short_batch_at_the_end_of_an_epoch() -> None:
    assert Progress(2, 32).steps(50, 16) == 2 * 4 + 2


def test_the_rate_rises_and_falls_to_a_tenth() -> None:
    rates = [learning_rate(step, 100, 1.0, 10) for step in (0, 9, 10, 100)]
    assert rates == pytest.approx([0.1, 1.0, 1.0, 0.1])


def test_the_newest_checkpoint_is_read_back() -> None:
    store = Memory()
    assert newest(store) is None
    for step in (10, 20, 30):
        save(store, step, Progress(0, step), {"states.pt": str(step).encode()})
    assert newest(store) == (30, Progress(0, 30))
    assert part(store, 30, "states.pt") == b"30"
    assert whole(store.names("checkpoints")) == [20, 30]


def test_a_checkpoint_that_was_cut_off_does_not_count_and_goes_later() -> None:
    store = Memory()
    save(store, 10, Progress(0, 10), {"states.pt": b"10"})
    store._left = 1  # pyright: ignore[reportPrivateUsage]
    with pytest.raises(KeyboardInterrupt):
        save(store, 20, Progress(0, 20), {"states.pt": b"20"})
    assert newest(store) == (10, Progress(0, 10))
    store._left = None  # pyright: ignore[reportPrivateUsage]
    save(store, 30, Progress(0, 30), {"states.pt": b"30"})
    assert "checkpoints/00000020/states.pt" not in store.files
    assert whole(store.names("checkpoints")) == [10, 30]


def test_what_is_removed_loses_its_mark_first() -> None:
    names = [f"checkpoints/0000000{step}/{name}" for step in (1, 2) for name in ("complete", "states.pt")]
    assert outdated(names, 1) == ["checkpoints/00000001/complete", "checkpoints/00000001/states.pt"]


@pytest.mark.parametrize(
    ("uri", "opened"),
    [
        ("s3://acme/t/legal/", ("s3", "acme/t/legal", {})),
        ("gs://acme/t/legal", ("gs", "acme/t/legal", {})),
        (
            "https://acme.blob.core.windows.net/t/legal",
            ("abfs", "t/legal", {"account_name": "acme", "anon": False}),
        ),
        ("file:///tmp/x", ("file", "/tmp/x", {})),  # noqa: S108
    ],
)
def test_a_folder_of_each_cloud_is_opened(uri: str, opened: tuple[str, str, dict[str, object]]) -> None:
    assert located(uri) == opened


@pytest.mark.parametrize("uri", ["ftp://acme/x", "https://example.org/x", "legal"])
def test_a_folder_that_is_none_is_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="is none of s3://"):
        located(uri)


def test_only_the_answer_is_learnt_and_a_long_question_loses_its_beginning() -> None:
    assert labelled([1, 2, 3], [1, 2, 3, 8, 9], 4) == ([2, 3, 8, 9], [IGNORED, IGNORED, 8, 9])


def test_a_template_that_writes_more_before_the_answer_is_learnt_from_where_it_differs() -> None:
    assert labelled([1, 2, 7], [1, 2, 5, 9], 9) == ([1, 2, 5, 9], [IGNORED, IGNORED, 5, 9])


def test_short_examples_are_filled_up_unseen() -> None:
    tokens, labels, seen = padded([([1, 2], [IGNORED, 2]), ([3], [3])], pad=0)
    assert (tokens, labels, seen) == ([[1, 2], [3, 0]], [[IGNORED, 2], [3, IGNORED]], [[1, 1], [1, 0]])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "there are no conversations"),
        ("{}", 'line 1 is not {"messages"'),
        ('\n{"messages": [{"role": "user", "content": "a"}]}', "line 2 does not end with what the assistant says"),
    ],
)
def test_data_that_teaches_nothing_is_refused_with_its_line(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("{", r"\{")):
        conversations(text)

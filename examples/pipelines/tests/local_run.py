"""The part of the pipeline that needs no cluster, from a file on this machine."""

from kfp import dsl
from kfp.dsl import Dataset
from photo_labels.pipeline import release


@dsl.pipeline(name="local-release")
def local_release(
    raw: str,
    store: str,
    keys: str,
    model: str,
    held_back: float,
    accuracy: float,
    worst_recall: float,
    epochs: int,
    seed: int,
    run: str,
) -> str:
    """As the whole pipeline begins: the pictures come by their address."""
    pictures = dsl.importer(artifact_uri=raw, artifact_class=Dataset)
    return release(
        raw=pictures.output,
        store=store,
        keys=keys,
        model=model,
        held_back=held_back,
        accuracy=accuracy,
        worst_recall=worst_recall,
        epochs=epochs,
        seed=seed,
        run=run,
    ).output


def released_from(**inputs: object) -> str:
    """Runs it and says where the version is. Raises RuntimeError when a step fails."""
    return local_release(**inputs).output

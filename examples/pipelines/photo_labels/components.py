"""The pipeline's steps as Kubeflow Pipelines knows them: what goes in, what comes out, in which image.

A step is a few lines around a function of this package, which is in the image. Nothing is installed when it starts: a
tenant's network is closed, and what ran yesterday should run today.
"""

from kfp import dsl
from kfp.dsl import Artifact, Dataset, Input, Metrics, Model, Output

IMAGE = "ghcr.io/acme/photo-labels@sha256:5b0a3c1f9d7e48265b0a3c1f9d7e48265b0a3c1f9d7e48265b0a3c1f9d7e4826"
"""Of the Dockerfile beside this package, by the digest that your build states."""


def step(function):  # pyright: ignore[reportUnknownParameterType, reportMissingParameterType]
    """A component of the pipeline's image."""
    return dsl.component(base_image=IMAGE, install_kfp_package=False)(function)


@step
def ingest(raw: Input[Dataset], held_back: float, learning: Output[Dataset], judging: Output[Dataset]) -> int:
    """Checks the pictures and keeps a share back for the judgement. Returns how many there are."""
    from photo_labels import pictures

    everything = pictures.ingest(raw.path)
    first, second = pictures.split(everything, held_back)
    first.save(learning.path)
    second.save(judging.path)
    learning.metadata["pictures"], judging.metadata["pictures"] = len(first.labels), len(second.labels)
    return len(everything.labels)


@step
def train(learning: Input[Dataset], units: int, epochs: int, seed: int, model: Output[Model]):
    """Learns a large network, on a GPU slice."""
    from photo_labels.network import train as learn
    from photo_labels.pictures import Pictures

    made = learn(Pictures.load(learning.path), units=units, epochs=epochs, rate=0.1, seed=seed)
    made.save(model.path)
    model.metadata["weights"] = made.size


@step
def evaluate(
    model: Input[Model], judging: Input[Dataset], accuracy: float, worst_recall: float, metrics: Output[Metrics]
) -> float:
    """Judges a network and fails below the bar, so that nothing worse is released. Returns its accuracy."""
    from photo_labels.judgement import demand, judge
    from photo_labels.network import Network
    from photo_labels.pictures import Pictures

    found = judge(Network.load(model.path), Pictures.load(judging.path))
    metrics.log_metric("accuracy", found.accuracy)
    metrics.log_metric("worst recall", found.worst_recall)
    demand(found, accuracy=accuracy, worst_recall=worst_recall)
    return found.accuracy


@step
def distil(teacher: Input[Model], learning: Input[Dataset], units: int, epochs: int, seed: int, model: Output[Model]):
    """Teaches a small network what the large one knows."""
    from photo_labels.network import Network
    from photo_labels.network import distil as teach
    from photo_labels.pictures import Pictures

    made = teach(
        Network.load(teacher.path), Pictures.load(learning.path), units=units, epochs=epochs, rate=0.1, seed=seed
    )
    made.save(model.path)
    model.metadata["weights"] = made.size


@step
def sign(model: Input[Model], name: str, keys: str, signed: Output[Model]):
    """Exports the network as ONNX and signs the files with the key `private.pem` of the folder `keys`."""
    from pathlib import Path

    from photo_labels import onnx_file, signatures
    from photo_labels.network import Network

    Path(signed.path).mkdir(parents=True, exist_ok=True)
    onnx_file.export(Network.load(model.path), signed.path, name)
    signatures.sign(signed.path, Path(keys) / "private.pem")


@step
def register(signed: Input[Model], store: str, keys: str, accuracy: float, pictures: int, run: str) -> str:
    """Checks the signature and puts the version into the store of models. Returns where."""
    from pathlib import Path

    from photo_labels import registry, signatures

    signatures.verify(signed.path, Path(keys) / "public.pem")
    return registry.register(signed.path, store, {"accuracy": accuracy, "pictures": pictures, "run": run})


@step
def deploy(
    source: str,
    namespace: str,
    model: str,
    resource: str,
    domain: str,
    percent: int,
    account: str,
    rollout: Output[Artifact],
):
    """Puts the version into service, with a share of the requests where another one serves already."""
    import json
    from pathlib import Path

    from photo_labels.cluster import ClusterApi
    from photo_labels.rollout import roll_out

    applied = roll_out(
        ClusterApi(),
        namespace=namespace,
        model=model,
        source=source,
        resource=resource,
        domain=domain,
        percent=percent,
        account=account,
    )
    Path(rollout.path).write_text(json.dumps({"applied": applied, "source": source}), encoding="utf-8")


@step
def report(status: dsl.PipelineTaskFinalStatus):
    """Says how the run ended, whatever happened: the last line of the last step's log, for alerts to look for."""
    import json

    print(
        json.dumps(
            {
                "run": status.pipeline_job_resource_name,
                "state": status.state,
                "error": status.error_message,
            }
        )
    )

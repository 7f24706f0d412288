"""The pipeline: ingest, train, evaluate, distil, evaluate, sign, register, deploy.

python -m photo_labels.pipeline photo-labels.yaml
"""

import sys

from kfp import compiler, dsl, kubernetes
from kfp.dsl import Dataset

from photo_labels import components

SLICE = "nvidia.com/mig-1g.10gb"
"""GPU resource of which training takes one: a slice that the tenant's quota has."""

KEYS, KEYS_PATH = "model-signing", "/keys"
"""Secret in the tenant's namespace with `private.pem` and `public.pem`, and where steps see it."""


def _sized(task: dsl.PipelineTask, cpu: str, memory: str) -> dsl.PipelineTask:
    """What a step requests and may use: quotas refuse pods that do not say."""
    return task.set_cpu_request(cpu).set_cpu_limit(cpu).set_memory_request(memory).set_memory_limit(memory)


def _patient(task: dsl.PipelineTask) -> dsl.PipelineTask:
    """Tries again what talks to others."""
    return task.set_retry(num_retries=3, backoff_duration="30s", backoff_factor=2, backoff_max_duration="10m")


@dsl.pipeline(name="release")
def release(
    raw: dsl.Input[Dataset],
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
    """From pictures to a signed version in the store. Runs anywhere: it needs no cluster."""
    read = _sized(components.ingest(raw=raw, held_back=held_back), "1", "2G")
    learning, judging = read.outputs["learning"], read.outputs["judging"]

    large = _sized(components.train(learning=learning, units=64, epochs=epochs, seed=seed), "2", "8G")
    large.set_accelerator_type(SLICE).set_accelerator_limit(1)
    kubernetes.add_toleration(large, key="nvidia.com/gpu", operator="Exists", effect="NoSchedule")
    # A GPU node may be taken back while it learns.
    _patient(large)

    bar = {"judging": judging, "accuracy": accuracy, "worst_recall": worst_recall}
    _sized(components.evaluate(model=large.outputs["model"], **bar), "1", "2G").set_display_name("evaluate the teacher")
    small = _sized(
        components.distil(teacher=large.outputs["model"], learning=learning, units=16, epochs=epochs, seed=seed),
        "2",
        "4G",
    )
    judged = _sized(components.evaluate(model=small.outputs["model"], **bar), "1", "2G")
    judged.set_display_name("evaluate the student")

    signed = _sized(components.sign(model=small.outputs["model"], name=model, keys=keys), "1", "1G").after(judged)
    kept = _sized(
        components.register(
            signed=signed.outputs["signed"],
            store=store,
            keys=keys,
            accuracy=judged.outputs["Output"],
            pictures=read.outputs["Output"],
            run=run,
        ),
        "1",
        "1G",
    )
    for task in (signed, kept):
        kubernetes.use_secret_as_volume(task, secret_name=KEYS, mount_path=KEYS_PATH)
        # These run each time: a key may have changed, and a version is never a copy of an earlier run's.
        task.set_caching_options(enable_caching=False)
    _patient(kept)
    return kept.output


@dsl.pipeline(
    name="photo-labels",
    description="Trains, judges, distils, signs and registers a labeller of pictures, and puts it into service.",
)
def photo_labels(
    pictures: str,
    store: str,
    namespace: str,
    model: str = "photo-labels",
    domain: str = "models.internal",
    held_back: float = 0.2,
    accuracy: float = 0.9,
    worst_recall: float = 0.8,
    epochs: int = 200,
    seed: int = 1,
    resource: str = "",
    percent: int = 10,
    account: str = "workloads",
) -> None:
    """The whole: what `release` makes is put into service, and how it ended is told.

    Args:
        pictures: Address of an .npz with raw pictures (`photo_labels.pictures.ingest`), in the store of artifacts.
        store: Address below which versions of the model lie, in the tenant's folder of models.
        namespace: The tenant's.
        model: Name of the model; no model of the stack file has it.
        domain: Domain of all models of the stack.
        held_back: Share of the pictures that judge.
        accuracy: Least accuracy of both networks.
        worst_recall: Least share of pictures of any one label that is labelled rightly.
        epochs: How often all pictures are seen.
        seed: Of the first weights.
        resource: GPU resource of which a replica takes one; empty: processors.
        percent: Share of the requests that a new version gets.
        account: Service account of the model's pods; empty on clusters without stores of the platform's.
    """
    done = components.report()
    _sized(done, "100m", "256M").set_caching_options(enable_caching=False)
    with dsl.ExitHandler(exit_task=done, name="release-and-deploy"):
        raw = dsl.importer(artifact_uri=pictures, artifact_class=Dataset, reimport=False)
        made = release(
            raw=raw.output,
            store=store,
            keys=KEYS_PATH,
            model=model,
            held_back=held_back,
            accuracy=accuracy,
            worst_recall=worst_recall,
            epochs=epochs,
            seed=seed,
            run=dsl.PIPELINE_JOB_NAME_PLACEHOLDER,
        )
        served = components.deploy(
            source=made.output,
            namespace=namespace,
            model=model,
            resource=resource,
            domain=domain,
            percent=percent,
            account=account,
        )
        _patient(_sized(served, "250m", "512M")).set_caching_options(enable_caching=False)


if __name__ == "__main__":
    compiler.Compiler().compile(photo_labels, sys.argv[1] if len(sys.argv) > 1 else "photo-labels.yaml")

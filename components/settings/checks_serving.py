"""Checks of models: what their runtime can serve, where they can run, by what they can scale."""

from collections.abc import Iterator, Mapping

from components.catalog.image_refs import lies_within
from components.settings.checks_ensembles import ensemble_problems
from components.settings.checks_gpus import gpu_problems
from components.settings.checks_graphs import graph_problems
from components.settings.cluster import AksCluster, Cluster, EksCluster, ExistingCluster, GkeCluster
from components.settings.ensembles import Ensemble
from components.settings.flow_steps import fed_by
from components.settings.platform_serving import Serving
from components.settings.problems import ABSENT, Path, Problem
from components.settings.sections import Autoscaling, PodSecurity, Tenant
from components.settings.serving import Format, Mode, Runtime, ServedModel, Signal
from components.settings.trust import Trust

LONGEST_HOST = 63
"""Characters of a DNS label (RFC 1035)."""

_LONGEST_SUFFIX = "-canary-predictor-"
"""KServe names a predictor's host <model>-predictor-<namespace>; our canary is a model of its own."""

FORMATS: Mapping[Runtime, tuple[Format, ...]] = {
    Runtime.TRITON: (Format.REPOSITORY, Format.ONNX, Format.TENSORRT, Format.PYTORCH),
    Runtime.VLLM: (Format.SAFETENSORS,),
    Runtime.HUGGINGFACE: (Format.SAFETENSORS,),
}
"""Formats that a runtime loads, its default first."""

SIGNALS: Mapping[Runtime, tuple[Signal, ...]] = {
    Runtime.TRITON: (Signal.QUEUE_TIME,),
    Runtime.VLLM: (Signal.WAITING_REQUESTS,),
    Runtime.HUGGINGFACE: (),
}
"""Signals that a runtime itself gives, its default first."""


def serving_problems(
    cluster: Cluster, serving: Serving | None, autoscaling: Autoscaling | None, tenants: Mapping[str, Tenant]
) -> Iterator[Problem]:
    """What is wrong with the tenants' models, ensembles and graphs."""
    for name, tenant in tenants.items():
        asking = [*tenant.served, *(("graphs", key) for key in tenant.graphs)]
        if serving is None:
            if asking:
                path: Path = ("tenants", name, *asking[0])
                yield Problem(path, ABSENT, "nothing serves models in this stack; add multimodal:serving: {}")
                return
            continue
        yield from _name_problems(name, asking)
        for (kind, key), model in tenant.served.items():
            path = ("tenants", name, kind, key)
            if isinstance(model, Ensemble):
                yield from ensemble_problems(path, key, model)
            else:
                yield from _runtime_problems(path, model)
            yield from _source_problems(path, cluster, model)
            yield from _image_source_problems(path, tenant, model)
            yield from _scaling_problems(path, model, fed=bool(fed_by(tenant.flows, key)))
            by_keda = model.mode is Mode.STANDARD
            if autoscaling is None and by_keda and (model.replicas.max or 0) > model.replicas.min:
                yield Problem(
                    (*path, "replicas", "max"),
                    model.replicas.max,
                    "nothing scales models in this stack; add multimodal:autoscaling, or make it equal to min",
                )
            if model.gpu is not None:
                yield from gpu_problems((*path, "gpu"), cluster, model.gpu)
        answering = {key: model for (_, key), model in tenant.served.items()}
        for key, graph in tenant.graphs.items():
            yield from graph_problems(("tenants", name, "graphs", key), graph, answering)


def _name_problems(name: str, asking: list[tuple[str, str]]) -> Iterator[Problem]:
    """Names that make no address, or the same one twice."""
    most = LONGEST_HOST - len(_LONGEST_SUFFIX) - len(name)
    first: dict[str, str] = {}
    for kind, key in asking:
        path: Path = ("tenants", name, kind, key)
        if len(key) > most:
            yield Problem(
                path, ABSENT, f"with the tenant's name its address is too long; at most {most} characters here"
            )
        if first.setdefault(key, kind) != kind:
            yield Problem(
                path, ABSENT, f"tenants.{name}.{first[key]} has this name too; they would answer under one address"
            )


def _runtime_problems(path: Path, model: ServedModel) -> Iterator[Problem]:
    runtime = model.runtime.value
    allowed = FORMATS[model.runtime]
    if model.format is not None and model.format not in allowed:
        yield Problem(
            (*path, "format"), model.format.value, f"{runtime} serves {' or '.join(form.value for form in allowed)}"
        )
    if model.runtime is Runtime.VLLM and model.gpu is None:
        yield Problem((*path, "gpu"), ABSENT, "vllm needs a GPU; give gpu, such as {slice: 3g.40gb} or {count: 1}")
    if model.adapters and model.runtime is not Runtime.VLLM:
        yield Problem(
            (*path, "adapters"), sorted(model.adapters), f"LoRA adapters are served by vllm, not by {runtime}"
        )
    if model.adapters and model.source.startswith(("pvc://", "oci://")):
        yield Problem(
            (*path, "source"),
            model.source,
            "with adapters KServe fetches the model and them into one folder, which it does from stores only; copy the"
            " model into one, such as store://<path>",
        )
    if model.canary is not None and model.canary.source == model.source:
        yield Problem(
            (*path, "canary", "source"), model.source, "the same as the model's own; a canary is another version"
        )


def transformer_problems(tenants: Mapping[str, Tenant], trust: Trust) -> Iterator[Problem]:
    """Images of transformers from where tenants' images may not come."""
    for name, tenant in tenants.items():
        for key, model in tenant.models.items():
            if model.transformer is None:
                continue
            image = model.transformer.image
            if not lies_within(image.partition("@")[0], trust.registries):
                yield Problem(
                    ("tenants", name, "models", key, "transformer", "image"),
                    image,
                    f"not from a registry of trust.registries: {', '.join(trust.registries)}",
                )


_STORES: Mapping[type[Cluster], tuple[str, str]] = {
    EksCluster: ("s3://", "Amazon S3"),
    GkeCluster: ("gs://", "Google Cloud Storage"),
    AksCluster: ("https://", "Azure Blob Storage"),
}
"""Provider -> scheme and name of the object store that its workload identity opens."""


def sources(model: ServedModel | Ensemble) -> dict[tuple[str, ...], str]:
    """Where its weights come from, by the place in its settings where it says so."""
    if isinstance(model, Ensemble):
        return {("steps", key, "source"): step.source for key, step in model.steps.items() if step.source}
    found: dict[tuple[str, ...], str] = {("source",): model.source}
    found |= {("adapters", key): uri for key, uri in model.adapters.items()}
    return found | ({("canary", "source"): model.canary.source} if model.canary else {})


def _image_source_problems(path: Path, tenant: Tenant, model: ServedModel | Ensemble) -> Iterator[Problem]:
    """Models in images where the container that KServe makes of one may not run.

    It says nothing of privilege escalation, capabilities or seccomp (kserve v0.18.1, pkg/utils/storage.go), all of
    which Pod Security restricted wants to be told.
    """
    for where, uri in sources(model).items():
        if uri.startswith("oci://") and tenant.pod_security is PodSecurity.RESTRICTED:
            yield Problem(
                (*path, *where),
                uri,
                "KServe runs a model's image as a container that Pod Security restricted refuses; copy the model into a"
                " store, or set the tenant's podSecurity to baseline",
            )


def _source_problems(path: Path, cluster: Cluster, model: ServedModel | Ensemble) -> Iterator[Problem]:
    for where, uri in sources(model).items():
        if isinstance(cluster, ExistingCluster):
            if uri.startswith("store://"):
                yield Problem(
                    (*path, *where),
                    uri,
                    "an existing cluster has no store of the platform; write s3://, gs:// or hf://",
                )
            continue
        own, title = _STORES[type(cluster)]
        foreign = [name for scheme, name in _STORES.values() if scheme != own and uri.startswith(scheme)]
        if foreign:
            yield Problem(
                (*path, *where),
                uri,
                f"{foreign[0]} would need a key on {cluster.provider}, whose workload identity opens {title}; copy the"
                " model there and write store://<path>",
            )


def _scaling_problems(path: Path, model: ServedModel | Ensemble, *, fed: bool) -> Iterator[Problem]:
    """`fed`: whether events wait for it, by which it scales and wakes."""
    most = model.replicas.max if model.replicas.max is not None else max(1, model.replicas.min)
    signal = model.scaling.signal or default_signal(model)
    if most < model.replicas.min:
        yield Problem((*path, "replicas", "max"), most, f"is below replicas.min, which is {model.replicas.min}")
    if model.replicas.min == 0 and not fed and model.mode is Mode.STANDARD:
        yield Problem(
            (*path, "replicas", "min"),
            0,
            "nothing could wake it: a model without replicas gives no signal; write 1, let a step of a flow call it, or"
            " use mode: knative",
        )
    if most == max(1, model.replicas.min) and model.replicas.min > 0 and "scaling" in model.model_fields_set:
        yield Problem(
            (*path, "scaling"), ABSENT, f"replicas.max leaves no room to scale; set it above {model.replicas.min}"
        )
    elif signal is None and not fed and most > model.replicas.min:
        yield Problem(
            (*path, "scaling", "signal"),
            ABSENT,
            f"{model.runtime.value} on GPUs gives no signal; make replicas.max equal to min",
        )
    chosen = model.scaling.signal
    if chosen is None:
        return
    allowed = allowed_signals(model)
    if chosen not in allowed:
        yield Problem((*path, "scaling", "signal"), chosen.value, _why_not(chosen, model, allowed))


def _why_not(signal: Signal, model: ServedModel | Ensemble, allowed: tuple[Signal, ...]) -> str:
    choice = f"choose {' or '.join(one.value for one in allowed)}" if allowed else "make replicas.max equal to min"
    if model.mode is Mode.KNATIVE:
        return "in knative mode a model scales by the requests that a replica answers at once; choose concurrency"
    if signal is Signal.CONCURRENCY:
        return f"it is counted in knative mode only; {choice}, or add mode: knative"
    if signal is Signal.CPU:
        return f"a model on GPUs does not scale by its processors, which say nothing about its load; {choice}"
    return f"{model.runtime.value} does not give this signal; {choice}"


def allowed_signals(model: ServedModel | Ensemble) -> tuple[Signal, ...]:
    """By what the model can scale, the default first."""
    if model.mode is Mode.KNATIVE:
        return (Signal.CONCURRENCY,)
    return (*SIGNALS[model.runtime], *((Signal.CPU,) if model.gpu is None else ()))


def default_signal(model: ServedModel | Ensemble) -> Signal | None:
    """By what the model scales when its settings do not say; None where there is nothing."""
    return next(iter(allowed_signals(model)), None)

"""Checks of model sets on ModelMesh: what it can serve, where its pods may run, which names it takes."""

from collections.abc import Iterator, Mapping

from components.settings.cluster import AksCluster, Cluster
from components.settings.model_sets import Backend
from components.settings.platform_serving import Serving
from components.settings.problems import ABSENT, Path, Problem
from components.settings.sections import PodSecurity, Tenant
from components.settings.serving import Format

FORMATS = (Format.ONNX, Format.TENSORRT, Format.PYTORCH)
"""What ModelMesh's adapter lays out for Triton by itself."""


def mesh_problems(tenants: Mapping[str, Tenant], serving: Serving | None, cluster: Cluster | None) -> Iterator[Problem]:
    """What is wrong with sets on ModelMesh. `cluster`: None where it could not be read."""
    unreachable = isinstance(cluster, AksCluster) and bool(cluster.api.public_cidrs)
    for name, tenant in tenants.items():
        sets = {key: one for key, one in tenant.model_sets.items() if one.backend is Backend.MODELMESH}
        if not sets:
            continue
        if serving is None or serving.modelmesh is None:
            yield Problem(
                ("tenants", name, "modelSets", next(iter(sets)), "backend"),
                Backend.MODELMESH.value,
                "ModelMesh is not installed; add modelmesh: {} to multimodal:serving, or take multiplex or adapters",
            )
        elif unreachable and not serving.modelmesh.api_server:
            unreachable = False
            yield Problem(
                ("serving", "modelmesh", "apiServer"),
                ABSENT,
                "missing; ModelMesh's controllers must reach the Kubernetes API, which here has a public address that"
                " nobody knows beforehand",
            )
        if tenant.pod_security is PodSecurity.RESTRICTED:
            yield Problem(
                ("tenants", name, "podSecurity"),
                tenant.pod_security.value,
                "ModelMesh's containers beside a model do not say what Pod Security restricted wants to be told; set it"
                f" to baseline, or take another backend for {', '.join(sets)}",
            )
        for key in sets:
            yield from _set_problems(name, tenant, key)


def _set_problems(name: str, tenant: Tenant, key: str) -> Iterator[Problem]:
    path: Path = ("tenants", name, "modelSets", key)
    one = tenant.model_sets[key]
    if one.format not in FORMATS:
        allowed = " or ".join(form.value for form in FORMATS)
        yield Problem((*path, "format"), one.format.value, f"ModelMesh serves {allowed}")
    if one.replicas.most > one.replicas.min:
        yield Problem(
            (*path, "replicas", "max"),
            one.replicas.max,
            "ModelMesh scales by processors alone, which say nothing of a GPU; leave it out",
        )
    if (one.gpu.count or 1) > 1:
        yield Problem(
            (*path, "gpu", "count"),
            one.gpu.count,
            "models of a set share one GPU, and more would lie idle; write 1, and more replicas",
        )
    taken = {**tenant.models, **tenant.ensembles}
    for model, source in one.models.items():
        if not source.startswith("pvc://"):
            yield Problem(
                (*path, "models", model),
                source,
                "ModelMesh opens stores with keys only, and the platform makes none; put the model on a volume:"
                " pvc://<claim>/<path>",
            )
        if f"{key}-{model}" in taken:
            yield Problem(
                (*path, "models", model),
                source,
                f"a model or ensemble of the tenant is called {key}-{model}, as this one would be; choose another name",
            )

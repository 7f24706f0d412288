"""A picture of a stack: cluster, pools and their slices, tenants, and what runs where."""

import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from components.catalog.mig import profiles, slice_resource
from components.catalog.workload_images import KFP_VERSION
from components.settings import Settings
from components.settings.cluster import Cluster, ExistingGpuPool, GpuPool, pool_shape
from components.settings.drivers import driver_owner
from components.settings.sections import Tenant

_CLUSTER_NAMES = {"eks": "Amazon EKS", "gke": "Google GKE", "aks": "Azure AKS", "existing": "Existing cluster"}


def mermaid(stack: str, settings: Settings) -> str:
    """The stack as a mermaid flowchart."""
    lines = ["flowchart LR"]
    for name, group in _groups(stack, settings):
        lines.append(f'  subgraph {_id(name)}["{name}"]')
        lines += [f'    {_id(key)}["{label}"]' for key, label in group]
        lines.append("  end")
    lines += [f"  {_id(start)} -->|{label}| {_id(end)}" for start, end, label in _edges(settings)]
    return "\n".join(lines) + "\n"


def dot(stack: str, settings: Settings) -> str:
    """The stack in Graphviz's language."""
    lines = ["digraph stack {", '  rankdir=LR; node [shape=box, style=rounded, fontname="sans-serif"];']
    for name, group in _groups(stack, settings):
        lines.append(f'  subgraph "cluster_{_id(name)}" {{ label="{name}"; fontname="sans-serif";')
        lines += [f'    "{_id(key)}" [label="{label.replace("<br/>", chr(92) + "n")}"];' for key, label in group]
        lines.append("  }")
    lines += [
        f'  "{_id(start)}" -> "{_id(end)}" [label="{label}", fontname="sans-serif"];'
        for start, end, label in _edges(settings)
    ]
    return "\n".join([*lines, "}"]) + "\n"


def svg(stack: str, settings: Settings, target: Path) -> bool:
    """Draws the stack into `target` with Graphviz; False where it is not installed."""
    program = shutil.which("dot")
    if program is None:
        return False
    subprocess.run([program, "-Tsvg", "-o", str(target)], input=dot(stack, settings), text=True, check=True, timeout=60)
    return True


def _groups(stack: str, settings: Settings) -> Iterator[tuple[str, list[tuple[str, str]]]]:
    cluster = settings.cluster
    yield (
        f"{stack}: {_CLUSTER_NAMES[cluster.provider]}, GPU pools",
        [(f"pool {name}", _pool_label(name, cluster, pool)) for name, pool in cluster.gpu_pools.items()],
    )
    versions = settings.versions
    owner = driver_owner(cluster.provider, settings.gpu.driver).value
    yield (
        "Platform",
        [
            ("platform gpu", f"GPU Operator {versions.gpu_operator}<br/>driver: {owner}"),
            ("platform volcano", f"Volcano {versions.volcano}<br/>gangs, bin-packing, a queue per tenant"),
            *([("platform ray", f"KubeRay {versions.kuberay}<br/>Ray clusters as gangs")] if settings.ray else []),
            *_pipelines(settings),
            (
                "platform kyverno",
                f"Kyverno {versions.kyverno}<br/>image signatures: {settings.trust.enforcement.value}",
            ),
            *(
                [("platform knative", f"Knative {versions.knative}<br/>services that sleep until asked")]
                if settings.knative
                else []
            ),
            *_serving(settings),
        ],
    )
    yield "Tenants", [(f"tenant {name}", _tenant_label(name, tenant)) for name, tenant in settings.tenants.items()]


def _pipelines(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.pipelines is not None:
        yield "platform pipelines", f"Kubeflow Pipelines {KFP_VERSION}<br/>runs in tenants' queues"


def _serving(settings: Settings) -> Iterator[tuple[str, str]]:
    if settings.serving is not None:
        versions, domain = settings.versions, settings.serving.domain
        yield (
            "platform gateway",
            f"Envoy Gateway {versions.envoy_gateway}<br/>models below {domain}, over TLS",
        )
        yield "platform kserve", f"KServe {versions.kserve}<br/>Triton, vLLM, Hugging Face"


def _pool_label(name: str, cluster: Cluster, pool: GpuPool) -> str:
    shape = pool_shape(cluster, pool)
    machine = "" if isinstance(pool, ExistingGpuPool) else f"{pool.machine}, "
    least, most = shape.min_nodes, shape.max_nodes
    size = f"{least} to {most} nodes" if least != most else f"{most} node{'' if most == 1 else 's'}"
    slices = " + ".join(f"{count} × {profile}" for profile, count in pool.mig.items()) or "whole"
    return f"{name}<br/>{machine}{size}<br/>{shape.gpus} × {shape.accelerator} each: {slices}"


def _tenant_label(name: str, tenant: Tenant) -> str:
    return f"{name}<br/>queue weight {tenant.queue.weight}, Pod Security {tenant.pod_security.value}"


def _edges(settings: Settings) -> Iterator[tuple[str, str, str]]:
    """Which tenant may use what of which pool."""
    cluster = settings.cluster
    for tenant, chosen in settings.tenants.items():
        for name, pool in cluster.gpu_pools.items():
            shared = _usable(chosen, cluster, pool)
            if shared:
                yield f"tenant {tenant}", f"pool {name}", f"up to {', '.join(shared)}"


def _usable(tenant: Tenant, cluster: Cluster, pool: GpuPool) -> list[str]:
    if not pool.mig:
        return [f"{tenant.quota.gpus} GPUs"] if tenant.quota.gpus else []
    offered = {profiles(pool_shape(cluster, pool).accelerator)[profile].resource for profile in pool.mig}
    granted: Iterable[tuple[str, int]] = tenant.quota.slices.items()
    return [f"{count} × {profile}" for profile, count in granted if slice_resource(profile) in offered]


def _id(name: str) -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in name)

"""What a tenant's model sets become: Ray services and served models, as if they stood in the stack file. Pure."""

from collections.abc import Mapping
from typing import Any

from components.settings.cluster import Cluster
from components.settings.density import Density, density
from components.settings.model_sets import Backend, ModelSet
from components.settings.ray import RayService, RayWorkloads
from components.settings.sections import Tenant
from components.settings.serving import Modality, Runtime, ServedModel
from components.settings.shapes import Shape, placed, pod_shape

GROUP = "models"
"""The group of a multiplexed set's workers."""

CODE = "/etc/multimodal/models"
"""Where the application and the list of models are mounted in its pods."""

CPU_COPIES = 0.5
"""Part of a replica's memory that copies of adapters may fill, from which they reach the GPU in milliseconds."""


def as_ray_service(chosen: ModelSet, found: Density | None, shape: Shape | None) -> RayService:
    """The Ray service of a multiplexed set: one application, one replica of its models on each worker.

    `found` and `shape` are None where no pool offers the GPU, which checks say of the service.
    """
    least, most = chosen.replicas.min, chosen.replicas.most
    group = {"gpu": chosen.gpu, "min": least, "max": most}
    if shape is not None:
        group |= {"cpu": shape.cpu, "memory_gib": shape.memory_gib}
    number: dict[str, Any] = (
        {"num_replicas": least}
        if least == most
        # A replica with a queue of its own models is busy; Ray then adds one, and KubeRay a worker for it.
        else {"autoscaling_config": {"min_replicas": least, "max_replicas": most, "target_ongoing_requests": 4}}
    )
    application = {
        "import_path": "multimodal_models:build",
        "args": {"task": chosen.task.value if chosen.task else "", "resident": max(1, found.resident if found else 1)},
        "deployments": {"Models": number, "Front": {"num_replicas": least}},
    }
    return RayService.model_validate(
        {
            "image": chosen.image,
            "priority": chosen.priority,
            "groups": {GROUP: group},
            "env": {"PYTHONPATH": CODE},
            "applications": {"models": application},
        }
    )


def as_served_model(chosen: ModelSet, found: Density | None, shape: Shape | None) -> ServedModel:
    """The served model of a set of adapters: its base in vLLM, which keeps some adapters on the GPU and more beside."""
    slots = max(1, found.resident if found else 1)
    copies = slots if shape is None else max(slots, int(shape.memory_gib * CPU_COPIES / chosen.model_gib))
    return ServedModel.model_validate(
        {
            "modality": Modality.TEXT,
            "runtime": Runtime.VLLM,
            "source": chosen.base,
            "gpu": chosen.gpu,
            "cpu": chosen.cpu,
            "memory_gib": chosen.memory_gib,
            "replicas": {"min": chosen.replicas.min, "max": chosen.replicas.most},
            "priority": chosen.priority,
            "adapters": chosen.models,
            "args": (
                f"--max-loras={slots}",
                f"--max-cpu-loras={min(copies, max(slots, len(chosen.models)))}",
                f"--max-lora-rank={chosen.rank}",
            ),
        }
    )


def with_sets(cluster: Cluster, tenant: Tenant) -> Tenant:
    """The tenant with its sets among its Ray services and models. Sets of adapters without a base are left out, and
    those of ModelMesh stay what they are.

    Pools must be valid. A set takes the place of a service or model of its name; checks refuse that.
    """
    services: dict[str, RayService] = {}
    models: dict[str, ServedModel] = {}
    for name, chosen in tenant.model_sets.items():
        found = density(cluster, chosen)
        shape = pod_shape(cluster, chosen.gpu, chosen.cpu, chosen.memory_gib) if placed(cluster, chosen.gpu) else None
        if chosen.backend is Backend.MULTIPLEX:
            services[name] = as_ray_service(chosen, found, shape)
        elif chosen.backend is Backend.ADAPTERS and chosen.base is not None:
            models[name] = as_served_model(chosen, found, shape)
    if not services:
        return tenant.model_copy(update={"models": {**tenant.models, **models}})
    ray = tenant.ray or RayWorkloads()
    return tenant.model_copy(
        update={
            "models": {**tenant.models, **models},
            "ray": ray.model_copy(update={"services": {**ray.services, **services}}),
        }
    )


def densities(cluster: Cluster, tenants: Mapping[str, Tenant]) -> dict[tuple[str, str], tuple[ModelSet, Density]]:
    """Tenant and set -> the set and how full its GPUs get, for sets whose GPU some pool offers."""
    return {
        (name, key): (chosen, found)
        for name, tenant in tenants.items()
        for key, chosen in tenant.model_sets.items()
        if (found := density(cluster, chosen)) is not None
    }

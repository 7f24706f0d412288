"""Checks of what tenants run on Ray, whatever the cluster is: names, shapes, applications, images."""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from components.catalog.image_refs import ImageReferenceError, lies_within, parse_reference
from components.catalog.ray import RAY_OLDEST, RAY_VERSION
from components.catalog.workload_images import WORKLOAD_IMAGES
from components.settings.problems import ABSENT, Path, Problem
from components.settings.ray import Ray, RayJob, RayNodes, RayService, RayWorkloads, Workload
from components.settings.sections import Direction, Tenant
from components.settings.trust import Enforcement, Trust

TAKEN = ("default", "developer", "developers", "viewer", "viewers", "workloads")
"""Names that a Ray cluster may not have: KubeRay makes a ServiceAccount, a Role and a RoleBinding of the cluster's
name, and would take the tenant's own for them."""


def ray_problems(tenants: Mapping[str, Tenant], ray: Ray | None) -> Iterator[Problem]:
    """What is wrong with tenants' Ray whatever the cluster is."""
    for tenant, chosen in tenants.items():
        if chosen.ray is None:
            continue
        path: Path = ("tenants", tenant, "ray")
        if ray is None:
            yield Problem(path, ABSENT, "Ray is not installed; add multimodal:ray: {}")
        yield from _name_problems(chosen.ray, path)
        for kind, name, workload in chosen.ray.everything():
            here = (*path, kind, name)
            yield from _group_problems(workload, here)
            if isinstance(workload, RayService):
                yield from _service_problems(workload, here)
            yield from _redis_problems(tenant, chosen, workload, here)


def _name_problems(ray: RayWorkloads, path: Path) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for kind, name, _ in ray.everything():
        if name in TAKEN:
            yield Problem((*path, kind, name), ABSENT, "the tenant has roles or accounts of this name; choose another")
        elif name in seen:
            yield Problem(
                (*path, kind, name),
                ABSENT,
                f"{seen[name]}.{name} has this name too, and Ray makes a service of it; choose another",
            )
        seen.setdefault(name, kind)


def _group_problems(nodes: RayNodes, path: Path) -> Iterator[Problem]:
    for name, group in nodes.groups.items():
        if group.min > group.max:
            yield Problem((*path, "groups", name, "min"), group.min, f"more than max = {group.max}")


def _service_problems(service: RayService, path: Path) -> Iterator[Problem]:
    most = max((group.ray_gpus for group in service.groups.values()), default=0)
    routes: dict[str, str] = {}
    for name, application in service.applications.items():
        here = (*path, "applications", name)
        if application.route_prefix in routes:
            yield Problem(
                (*here, "routePrefix"),
                application.route_prefix,
                f"{routes[application.route_prefix]} answers there already; give each application a path of its own",
            )
        routes.setdefault(application.route_prefix, name)
        for deployment, options in application.deployments.items():
            actor: Any = options.get("ray_actor_options")
            if not isinstance(actor, dict):
                continue
            at = (*here, "deployments", deployment, "ray_actor_options")
            yield from _actor_problems(cast("dict[str, Any]", actor), most, at)


def _actor_problems(actor: dict[str, Any], most: int, path: Path) -> Iterator[Problem]:
    gpus = actor.get("num_gpus")
    if isinstance(gpus, int | float) and gpus > most:
        yield Problem(
            (*path, "num_gpus"),
            gpus,
            f"no worker has more than {most} GPUs as Ray counts them; lower it or give a group more"
            if most
            else "no group has GPUs; give one gpu, or leave this out",
        )
    if "runtime_env" in actor:
        yield Problem(
            (*path, "runtime_env"),
            actor["runtime_env"],
            "code and packages come in the image, which is signed; set variables under env of the application",
        )


def _redis_problems(name: str, tenant: Tenant, workload: Workload, path: Path) -> Iterator[Problem]:
    """A Redis outside the namespace, to which the tenant's network is closed."""
    chosen = None if isinstance(workload, RayJob) else workload.fault_tolerance
    if chosen is None:
        return
    host, _, port = chosen.redis.rpartition(":")
    if host.split(".")[1:3] in ([], [name], [name, "svc"]):  # a Service of the tenant's own namespace
        return
    open_ports = {port for hole in tenant.allow.values() if hole.direction is Direction.EGRESS for port in hole.ports}
    if int(port) not in open_ports:
        yield Problem(
            (*path, "faultTolerance", "redis"),
            chosen.redis,
            f"the tenant's network is closed, and nothing under its allow opens egress to port {port}; add an"
            " allowance for Redis, with its namespace or addresses",
        )


def image_problems(tenants: Mapping[str, Tenant], trust: Trust) -> Iterator[Problem]:
    """Images and Ray versions that would not run."""
    for tenant, chosen in tenants.items():
        for kind, name, workload in chosen.ray.everything() if chosen.ray else ():
            path: Path = ("tenants", tenant, "ray", kind, name)
            if workload.image is None:
                yield from _default_image_problems(workload, trust, path)
            else:
                yield from _own_image_problems(workload, workload.image, trust, path)


def _default_image_problems(workload: Workload, trust: Trust, path: Path) -> Iterator[Problem]:
    if trust.enforcement is Enforcement.ENFORCE and trust.mirror is None:
        base = WORKLOAD_IMAGES["ray-gpu"]
        yield Problem(
            (*path, "image"),
            ABSENT,
            f"missing; Ray does not sign its images, and this stack enforces signatures: build one on"
            f" {base.repository}:{base.tag}, sign it, and name it here by digest; or set trust.mirror to your signed"
            " copies",
        )
    if isinstance(workload, RayService):
        yield Problem((*path, "image"), ABSENT, "missing; the code of its applications comes in it")
    if workload.ray_version != RAY_VERSION:
        yield Problem(
            (*path, "rayVersion"),
            workload.ray_version,
            f"Ray's own image is at {RAY_VERSION}; leave this out, or name an image with the version that you want",
        )


def _own_image_problems(workload: Workload, image: str, trust: Trust, path: Path) -> Iterator[Problem]:
    major, minor = (int(part) for part in workload.ray_version.split(".")[:2])
    if (major, minor) < RAY_OLDEST:
        yield Problem(
            (*path, "rayVersion"),
            workload.ray_version,
            f"older than {RAY_OLDEST[0]}.{RAY_OLDEST[1]}, the first with token authentication; build the image on a"
            " newer one",
        )
    try:
        reference = parse_reference(image)
    except ImageReferenceError as error:
        yield Problem((*path, "image"), image, str(error))
        return
    if not lies_within(f"{reference.registry}/{reference.repository}", trust.registries):
        yield Problem(
            (*path, "image"), image, f"not from a registry of trust.registries: {', '.join(trust.registries)}"
        )
    if not reference.pinned_by_digest:
        yield Problem((*path, "image"), image, "not pinned; add its digest, as in <name>@sha256:...")

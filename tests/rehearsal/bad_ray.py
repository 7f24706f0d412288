"""Mistakes in what tenants run on Ray: part of the table of bad input."""

from typing import Any

from tests.stack_files import REMOVE

AKS = {
    "provider": "aks",
    "subscriptionId": "00000000-0000-4000-8000-000000000001",
    "location": "eastus2",
    "adminGroups": ["00000000-0000-4000-8000-0000000000aa"],
    "gpuPools": {"a100": {"machine": "Standard_NC24ads_A100_v4", "maxNodes": 2}},
}
RAY_IMAGE = "ghcr.io/acme/app@sha256:" + "a" * 64
SMALL_GROUP: dict[str, Any] = {"gpu": {"slice": "1g.10gb"}, "min": 1, "max": 2}


def ray(
    kind: str = "clusters", name: str = "lab", group: dict[str, Any] | None = None, **workload: Any
) -> dict[str, Any]:
    """The stack with one Ray workload, changed; a value of None takes the key away."""
    own = {"image": RAY_IMAGE, "groups": {"small": {**SMALL_GROUP, **(group or {})}}, **workload}
    kept = {key: value for key, value in own.items() if value is not None}
    return {"ray": {}, "tenants.vision.ray": {kind: {name: kept}}}


def ray_service(application: dict[str, Any] | None = None, **workload: Any) -> dict[str, Any]:
    """The stack with one Ray service of one application, changed."""
    applications = {"app": {"importPath": "app:build", **(application or {})}}
    return ray("services", applications=workload.pop("applications", applications), **workload)


RAY_CASES: list[tuple[str, dict[str, Any], str]] = [
    (
        "Ray without its operator",
        {"tenants.vision.ray": ray()["tenants.vision.ray"]},
        "multimodal:tenants.vision.ray: Ray is not installed; add multimodal:ray: {}",
    ),
    (
        "Ray on a slice that no pool has",
        ray(group={"gpu": {"slice": "2g.20gb"}}),
        'groups.small.gpu = {"slice": "2g.20gb"}: no node of any pool has 1 slice 2g.20gb; nodes have',
    ),
    (
        "Ray workers larger than a node",
        ray(group={"gpu": {"count": 5}}),
        'gpu = {"count": 5}: no node of any pool has 5 whole GPUs; nodes have',
    ),
    (
        "Ray on a pool that is not there",
        ray(group={"gpu": {"slice": "1g.10gb", "pools": ["h10"]}}),
        'gpu.pools[0] = "h10": no such GPU pool; did you mean h100?',
    ),
    (
        "Ray on a pool without such slices",
        ray(group={"gpu": {"slice": "1g.10gb", "pools": ["l4"]}}),
        'gpu.pools[0] = "l4": no node of this pool has 1 slice 1g.10gb; pools that have: h100',
    ),
    ("Ray group with more at least than at most", ray(group={"min": 3}), "small.min = 3: more than max = 2"),
    (
        "Ray group beyond the quota",
        ray(group={"max": 9}),
        "groups.small.max = 9: that is 9 slices 1g.10gb, and the tenant's quota has 8; lower it or raise the quota",
    ),
    (
        "Ray workloads that never fit together",
        {
            "ray": {},
            "tenants.vision.ray": {
                "clusters": {
                    name: {"image": RAY_IMAGE, "groups": {"small": {**SMALL_GROUP, "min": 5, "max": 5, "cpu": 1}}}
                    for name in ("a", "b")
                }
            },
        },
        'vision.quota.slices."1g.10gb" = 8: ray.clusters.a (5), ray.clusters.b (5) always hold 10 slices 1g.10gb',
    ),
    (
        "Ray workloads with more processors than the quota",
        ray(group={"cpu": 31}),
        "vision.quota.cpu = 32: ray.clusters.lab (33.5) always hold 33.5 processors; raise it",
    ),
    (
        "Ray job that could never start",
        ray("jobs", entrypoint="python a.py", group={"memoryGib": 160}),
        "jobs.lab: to start, it needs 168.5 GiB of memory, and the tenant's quota has 128",
    ),
    (
        "Ray service that is replaced beside itself without room for two",
        ray_service(upgrade="new-cluster", group={"min": 5, "max": 5, "cpu": 1, "memoryGib": 4}),
        'quota.slices."1g.10gb" = 8: ray.services.lab (10) always hold 10 slices 1g.10gb',
    ),
    (
        "GPU on a Ray head",
        ray(head={"gpu": {"count": 1}}),
        "the head runs no work, so a GPU would lie idle in it; give gpu to a group instead",
    ),
    ("Ray cluster without workers", ray(groups={}), "lab.groups = {}: dictionary should have at least 1 item"),
    (
        "Ray name too long for what is made of it",
        ray(name="a" * 41),
        "this name is longer than 40 characters",
    ),
    (
        "Ray cluster with the name of the tenant's roles",
        ray(name="developer"),
        "clusters.developer: the tenant has roles or accounts of this name; choose another",
    ),
    (
        "two Ray workloads of one name",
        {
            "ray": {},
            "tenants.vision.ray": {
                "clusters": ray()["tenants.vision.ray"]["clusters"],
                "jobs": ray("jobs", entrypoint="x")["tenants.vision.ray"]["jobs"],
            },
        },
        "ray.jobs.lab: clusters.lab has this name too, and Ray makes a service of it; choose another",
    ),
    (
        "Ray's own image where signatures are enforced",
        {**ray(image=None), "trust.mirror": REMOVE},
        "clusters.lab.image: missing; Ray does not sign its images, and this stack enforces signatures: build one on"
        " rayproject/ray:2.53.0-py311-cu128, sign it, and name it here by digest",
    ),
    ("Ray service without code", ray_service(image=None), "lab.image: missing; the code of its applications comes"),
    ("Ray image by tag", ray(image="ghcr.io/acme/app:1.0"), 'image = "ghcr.io/acme/app:1.0": not pinned; add its'),
    (
        "Ray image from elsewhere",
        ray(image="quay.io/x/app@sha256:" + "a" * 64),
        "not from a registry of trust.registries: ghcr.io/acme",
    ),
    ("text for a Ray image", ray(image="ghcr.io/acme/App"), "is not a repository"),
    (
        "Ray without token authentication",
        ray(rayVersion="2.49.2"),
        'rayVersion = "2.49.2": older than 2.52, the first with token authentication',
    ),
    (
        "version of Ray's own image",
        {**ray(image=None, rayVersion="2.54.0"), "trust.enforcement": "audit"},
        'rayVersion = "2.54.0": Ray\'s own image is at 2.53.0; leave this out, or name an image',
    ),
    (
        "Redis behind the closed network",
        ray(faultTolerance={"redis": "valkey.data.svc:6379"}),
        'faultTolerance.redis = "valkey.data.svc:6379": the tenant\'s network is closed, and nothing under its allow'
        " opens egress to port 6379",
    ),
    ("Redis without a port", ray(faultTolerance={"redis": "valkey"}), 'redis = "valkey": does not match'),
    (
        "Ray Serve application without a name in its module",
        ray_service({"importPath": "app.py"}),
        'importPath = "app.py": does not match',
    ),
    (
        "two applications at one path",
        ray_service(applications={name: {"importPath": "app:build"} for name in ("a", "b")}),
        'applications.b.routePrefix = "/": a answers there already; give each application a path of its own',
    ),
    (
        "deployment with more GPUs than a worker has",
        ray_service({"deployments": {"Model": {"ray_actor_options": {"num_gpus": 2}}}}),
        "num_gpus = 2: no worker has more than 1 GPUs as Ray counts them; lower it or give a group more",
    ),
    (
        "packages that nobody signed",
        ray_service({"deployments": {"Model": {"ray_actor_options": {"runtime_env": {"pip": ["torch"]}}}}}),
        "code and packages come in the image, which is signed; set variables under env of the application",
    ),
    (
        "Ray that scales under a public API",
        {
            **ray(group={"gpu": None}),
            "cluster": {**AKS, "api": {"publicCidrs": ["203.0.113.0/24"]}},
            "tenants.vision.quota": {"gpus": 1},
        },
        "groups.small.max = 2: to scale, Ray's head must reach the Kubernetes API, which here has a public address",
    ),
    ("KubeRay outside the matrix", {"versions": {"kuberay": "1.5.0"}}, 'kuberay = "1.5.0": not in the matrix'),
]

"""What a set on ModelMesh becomes: every object to the real API server, and what the real controller makes of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from components.gpu.layouts import layout_name
from components.labels import GPU_POOL
from components.serving.mesh import MeshKind, TenantMesh
from components.serving.mesh_objects import REGISTRY_SECRET
from components.trust.cert_manager import ISSUER
from components.trust.cert_manager import NAMESPACE as CERT_MANAGER
from rehearsal import fleet, toolchain, upstream_crds, workloads
from rehearsal.controllers.base import value
from rehearsal.fleet import NodePool
from rehearsal.kube import JsonObject, Kube, object_path
from rehearsal.releases import CONTROLLERS_ANNOTATION, Release, secret_name
from rehearsal.supervisor import Supervisor
from tests.components.recorder import Registered, build
from tests.rehearsal.bad_mesh import MESH, mesh
from tests.rehearsal.cluster import Namespace, apply_crds, eventually, install, make_namespace, uninstall
from tests.rehearsal.gpu_nodes import LAYOUT, grow
from tests.stack_files import settings

pytestmark = pytest.mark.control_plane

RELEASES = (
    Release("cert-manager", CERT_MANAGER, "cert-manager", "v1.20.3"),
    Release("kserve-crd", "default", "kserve-crd", "v0.18.1"),
)
STACK = settings(**mesh())
MADE = "modelmesh-serving-mesh-many"
"""The Deployment that the controller makes of the set."""
NAMESPACE = "mesh"
SECONDS = 180.0


def objects(tenant: str) -> list[JsonObject]:
    """All that the platform makes of the set, in the order in which it does."""
    args: Any = {
        "tenant": tenant,
        "sets": {"many": MESH},
        "density": {},
        "etcd_gib": 2,
        "api_server": [],
        "images_lock": {},
        "mirror": "ghcr.io/acme/mirror",
    }
    graph = build({}, lambda: MeshKind("kind"), lambda: TenantMesh("mesh", args, STACK.cluster), read_outputs=())
    return [body(one) for one in graph.resources if one.type.startswith("kubernetes:")]


def body(one: Registered) -> JsonObject:
    kept = {key: text for key, text in one.inputs.items() if text is not None}
    return {"apiVersion": kept["apiVersion"], "kind": kept["kind"], **kept}


def path_of(made: JsonObject) -> str:
    return object_path(made).replace("/networkpolicys/", "/networkpolicies/")


def put(api: Kube, made: JsonObject) -> JsonObject:
    return api.apply(path_of(made), made, "tests")


def has_kind(api: Kube, name: str) -> bool:
    return "'Established'" in str(api.get(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}"))


@pytest.fixture(scope="module")
def releases(api: Kube, control_plane: Supervisor) -> Iterator[None]:
    """What ModelMesh needs of the platform: certificates, KServe's kinds."""
    toolchain.ensure(["modelmesh"], print)
    make_namespace(api, CERT_MANAGER)
    for one in RELEASES:
        definitions = upstream_crds.crds(one.chart)
        assert definitions is not None
        apply_crds(api, definitions.documents)
        names = [kind["metadata"]["name"] for kind in definitions.documents]
        eventually(
            lambda all_=names: all(has_kind(api, name) for name in all_), f"kinds of {one.chart}", seconds=SECONDS
        )
        assert install(api, one).controllers == "ready"
    issuer = {"apiVersion": "cert-manager.io/v1", "kind": "ClusterIssuer", "metadata": {"name": ISSUER}}
    api.apply(f"/apis/cert-manager.io/v1/clusterissuers/{ISSUER}", {**issuer, "spec": {"selfSigned": {}}}, "tests")
    yield
    api.delete(f"/apis/cert-manager.io/v1/clusterissuers/{ISSUER}")
    for one in reversed(RELEASES):
        uninstall(api, one)
    api.delete(f"/api/v1/namespaces/{CERT_MANAGER}")


@pytest.fixture(scope="module")
def tenant(api: Kube, releases: None) -> Iterator[Namespace]:
    """A tenant with the set, as a stack makes it, a volume with its models, and a node with the slice that it needs."""
    made = make_namespace(api, NAMESPACE)
    level = {"metadata": {"labels": {"pod-security.kubernetes.io/enforce": "baseline"}}}
    api.merge(f"/api/v1/namespaces/{made.name}", level)
    volume(api, made.name)
    for one in objects(made.name):
        put(api, one)
        if one["kind"] == "CustomResourceDefinition":
            eventually(lambda name=one["metadata"]["name"]: has_kind(api, name), "the kind Predictor", seconds=SECONDS)
    yield made
    for one in reversed(objects(made.name)):
        api.delete(path_of(one))
    made.remove()
    api.delete(f"/api/v1/persistentvolumes/{NAMESPACE}-datasets")


def volume(api: Kube, namespace: str) -> None:
    """The tenant's shared volume, bound."""
    common = {"accessModes": ["ReadWriteMany"], "storageClassName": ""}
    size = {"storage": "1Gi"}
    disk = {
        **common,
        "capacity": size,
        "claimRef": {"namespace": namespace, "name": "datasets"},
        "csi": {"driver": "files.example", "volumeHandle": "1"},
    }
    claim = {**common, "volumeName": f"{namespace}-datasets", "resources": {"requests": size}}
    for kind, metadata, spec in (
        ("PersistentVolume", {"name": f"{namespace}-datasets"}, disk),
        ("PersistentVolumeClaim", {"name": "datasets", "namespace": namespace}, claim),
    ):
        put(api, {"apiVersion": "v1", "kind": kind, "metadata": metadata, "spec": spec})


@pytest.fixture(scope="module")
def deployment(api: Kube, tenant: Namespace) -> JsonObject:
    """What the controller makes of the set."""
    path = f"/apis/apps/v1/namespaces/{tenant.name}/deployments/{MADE}"
    # It writes it twice: then with the volumes of models that it had not seen before.

    def whole() -> JsonObject | None:
        answer = said(api)
        assert not answer.startswith("failed"), answer
        found = api.get(path)
        return found if found and "datasets" in str(found["spec"]["template"]["spec"]["volumes"]) else None

    return eventually(whole, "the set's Deployment", seconds=SECONDS)


def said(api: Kube) -> str:
    """What the release by which the controllers run says of them."""
    found = api.get_secret("default", secret_name("kserve-crd"))
    return value(found or {}, "metadata.annotations", {}).get(CONTROLLERS_ANNOTATION, "")


def test_a_set_is_servers_that_share_its_models(deployment: JsonObject) -> None:
    pod = deployment["spec"]["template"]["spec"]
    containers = {one["name"]: one for one in pod["containers"]}
    assert deployment["spec"]["replicas"] == 1
    assert set(containers) == {"mm", "rest-proxy", "triton", "triton-adapter"}
    assert containers["triton"]["resources"]["limits"]["nvidia.com/mig-1g.10gb"] == "1"
    assert all(one["image"].startswith("ghcr.io/acme/mirror/") for one in containers.values())
    # What the adapter subtracts from the request is what leaves the room of the GPU.
    adapter = {one["name"]: one.get("value") for one in containers["triton-adapter"]["env"]}
    assert adapter["MEM_BUFFER_BYTES"] == str(2 * 2**30)
    # The models' volume is mounted where they are fetched from, and their registry is told by a Secret.
    assert "datasets" in {one.get("persistentVolumeClaim", {}).get("claimName") for one in pod["volumes"]}
    assert REGISTRY_SECRET in {one.get("secret", {}).get("secretName") for one in pod["volumes"]}
    assert "nodeAffinity" in pod["affinity"]


def test_its_pods_run_on_the_slice_that_it_asks_for(
    api: Kube, tenant: Namespace, deployment: JsonObject, gpu_operator: None
) -> None:
    labels = {"nvidia.com/mig.config": layout_name(LAYOUT), GPU_POOL: "h100"}
    pool = NodePool(
        name="mesh", machine="p5.48xlarge", vcpu=192, memory_gib=2048, accelerator="H100-80", gpus=1, labels=labels
    )

    def runtime() -> workloads.Workload:
        # Its models wait for ModelMesh itself, which does not run here, and do not count.
        (found,) = [one for one in workloads.workloads(api) if one.tenant == tenant.name]
        return found

    assert "1 Insufficient" in runtime().why or "no nodes available" in runtime().why
    grow(api, pool, 1)
    try:
        eventually(lambda: runtime().ready, "a ready server", seconds=SECONDS)
        found = runtime()
    finally:
        fleet.remove_pool(api, pool.name)
    assert (found.kind, found.name, found.running) == ("ServingRuntime", "mesh-many", 1)
    assert (found.gpus, found.nodes) == ((("mig-1g.10gb", 1),), ("mesh-0",))


def test_its_registry_and_its_rights_suffice(control_plane: Supervisor, deployment: JsonObject) -> None:
    log = (control_plane.kubeconfig.parent / "logs" / f"modelmesh-controller-{NAMESPACE}.log").read_text()
    assert "forbidden" not in log
    # It watches the registry for models by the address and the prefix that the Secret names.
    assert '"WatchPrefix":"modelmesh/mm/modelmesh-serving/vmodels/"' in log
    assert "context deadline exceeded" not in log


def test_the_release_of_kserves_kinds_says_what_is_missing(api: Kube, deployment: JsonObject) -> None:
    assert said(api) == "ready: ModelMesh itself does not run beside its models, so none of them is loaded"


def test_without_its_deployment_the_controller_ends(api: Kube, tenant: Namespace, deployment: JsonObject) -> None:
    (made,) = [one for one in objects(tenant.name) if one["kind"] == "Deployment"]
    api.delete(path_of(made))
    eventually(lambda: said(api) == "ready", "the end of the controller", seconds=SECONDS)
    # The servers are the runtime's, and stay.
    assert api.get(path_of(deployment)) is not None

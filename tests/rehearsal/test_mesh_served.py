"""What the real ModelMesh controller makes of a model set with KServe's kinds of today and its own rights alone."""

import base64
import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.serving import mesh_models as models
from components.serving import mesh_objects as objects
from components.settings.model_sets import ModelSet
from rehearsal import certificates, processes, supervisor, toolchain, upstream_crds
from rehearsal.control_plane import kubeconfig, write_private
from rehearsal.kube import JsonObject, Kube, object_path
from rehearsal.processes import Process
from rehearsal.tooltable import TOOLS
from tests.rehearsal.bad_mesh import MESH, mesh
from tests.rehearsal.cluster import Namespace, apply_crds, eventually
from tests.stack_files import settings

pytestmark = pytest.mark.control_plane

IMAGES = {part: f"registry.invalid/{part}:1" for part in ("mesh", "rest-proxy", "adapter")}
CHOSEN = ModelSet.model_validate(MESH)


@pytest.fixture
def deployment(
    api: Kube, control_plane: supervisor.Supervisor, namespace: Namespace, tmp_path: Path
) -> Iterator[JsonObject]:
    """The Deployment that the controller makes of a set."""
    definitions = upstream_crds.crds("kserve-crd")
    assert definitions is not None
    apply_crds(api, definitions.documents)
    kind = {"metadata": {"name": "predictors.serving.kserve.io"}, "spec": objects.predictor_kind()}
    put(api, "apiextensions.k8s.io/v1", "CustomResourceDefinition", kind)
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/predictors.serving.kserve.io"
    eventually(lambda: "Established" in str(api.get(path)), "the kind Predictor", seconds=60)
    name = namespace.name

    def own(key: str, **rest: Any) -> JsonObject:
        return {"metadata": {"name": key, "namespace": name}, **rest}

    put(api, "v1", "ServiceAccount", own(objects.CONTROLLER))
    put(api, "rbac.authorization.k8s.io/v1", "Role", own(objects.CONTROLLER, rules=objects.controller_rules()))
    whom = {"kind": "ServiceAccount", "name": objects.CONTROLLER, "namespace": name}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": objects.CONTROLLER}
    put(
        api,
        "rbac.authorization.k8s.io/v1",
        "RoleBinding",
        own(objects.CONTROLLER, roleRef=role, subjects=[whom]),
    )
    put(
        api, "v1", "Secret", own(objects.REGISTRY_SECRET, stringData={"etcd_connection": objects.registry_connection()})
    )
    put(api, "v1", "Secret", own(objects.STORAGE_SECRET))
    # On a host there is no folder of the container's own to mount it at, so it is the user's configuration here.
    put(api, "v1", "ConfigMap", own("model-serving-config", data={"config.yaml": objects.configuration(IMAGES)}))
    put(
        api,
        "apps/v1",
        "StatefulSet",
        own(objects.REGISTRY, spec=objects.registry_spec("registry.invalid/etcd:1", {}, 1)),
    )
    runtime = models.runtime_spec(settings(**mesh()).cluster, CHOSEN, "registry.invalid/triton:1", {"team": name})
    put(api, "serving.kserve.io/v1alpha1", "ServingRuntime", own(models.runtime_name("many"), spec=runtime))
    for model, source in CHOSEN.models.items():
        service = own(models.service_name("many", model), spec=models.model_spec("many", CHOSEN, source))
        service["metadata"]["annotations"] = {"serving.kserve.io/deploymentMode": "ModelMesh"}
        put(api, "serving.kserve.io/v1beta1", "InferenceService", service)
    child = processes.start(controller(api, control_plane, name, tmp_path), tmp_path)
    made = f"/apis/apps/v1/namespaces/{name}/deployments/{objects.SERVICE}-{models.runtime_name('many')}"
    try:
        processes.wait_until(lambda: api.get(made) is not None, "the set's Deployment", timeout=90, child=child)
        found = api.get(made)
        assert found is not None
        yield found
    finally:
        processes.stop([child], grace=5)


def put(api: Kube, version: str, kind: str, made: JsonObject) -> JsonObject:
    """Apply an object."""
    body = {"apiVersion": version, "kind": kind, **made}
    return api.apply(object_path(body), body, "tests")


def controller(api: Kube, plane: supervisor.Supervisor, namespace: str, folder: Path) -> Process:
    """The controller, as its Deployment runs it: in one namespace, with the rights of its account and no others."""
    program = toolchain.ensure(["modelmesh"], print)["modelmesh"] / "modelmesh-controller"
    where = yaml.safe_load(plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{objects.CONTROLLER}/token"
    granted = api.create(path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
    authority = base64.b64decode(where["certificate-authority-data"])
    config = kubeconfig(where["server"], granted["status"]["token"], authority)
    write_private(folder / "kubeconfig", config)
    pair = certificates.issue("modelmesh.invalid")
    hooks = folder / "k8s-webhook-server" / "serving-certs"
    hooks.mkdir(parents=True)
    (hooks / "tls.crt").write_text(pair.certificate)
    write_private(hooks / "tls.key", pair.key)
    (container,) = objects.controller_spec("unused", {}, "")["template"]["spec"]["containers"]
    plain = {one["name"]: one["value"] for one in container["env"] if "value" in one}
    health = processes.free_port()
    return Process(
        name="modelmesh-controller",
        argv=(str(program), "--metrics-addr=0", f"--health-probe-bind-address=127.0.0.1:{health}", *container["args"]),
        env={
            **plain,
            "NAMESPACE": namespace,
            "KUBECONFIG": str(folder / "kubeconfig"),
            "TMPDIR": str(folder),
            "WEBHOOK_PORT": str(processes.free_port()),
        },
        # Its template of the Deployment lies beside its sources.
        cwd=sources(),
    )


def sources() -> Path:
    module = f"github.com/kserve/modelmesh-serving@v{TOOLS['modelmesh'].version}"
    reply = subprocess.run(
        ["go", "mod", "download", "-json", module],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "GOFLAGS": "-mod=mod"},
    )
    return Path(json.loads(reply.stdout)["Dir"])


def test_a_set_is_servers_that_share_its_models(deployment: JsonObject) -> None:
    pod = deployment["spec"]["template"]["spec"]
    containers = {one["name"]: one for one in pod["containers"]}
    assert deployment["spec"]["replicas"] == 1
    assert set(containers) == {"mm", "rest-proxy", "triton", "triton-adapter"}
    assert containers["triton"]["resources"]["limits"]["nvidia.com/mig-1g.10gb"] == "1"
    assert containers["mm"]["image"] == "registry.invalid/mesh:1"
    # What the adapter subtracts from the request is what leaves the room of the GPU.
    adapter = {one["name"]: one.get("value") for one in containers["triton-adapter"]["env"]}
    assert adapter["MEM_BUFFER_BYTES"] == str(2 * 2**30)
    # The models' volume is mounted where they are fetched from, and their registry is told by a Secret.
    assert "datasets" in {one.get("persistentVolumeClaim", {}).get("claimName") for one in pod["volumes"]}
    assert objects.REGISTRY_SECRET in {one.get("secret", {}).get("secretName") for one in pod["volumes"]}
    assert "nodeAffinity" in pod["affinity"]

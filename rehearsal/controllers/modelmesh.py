"""ModelMesh's real controller for each tenant that has one, with a real etcd as its registry of models.

ModelMesh comes without a chart, so its controllers go by what stands in the cluster: for each Deployment of the name
the program runs here with the Deployment's arguments and environment, the ConfigMap and the certificate that it mounts,
and the rights of its service account alone. The registry runs with the arguments of its StatefulSet. ModelMesh itself,
a Java program beside the models, is not run: no model is loaded, and its InferenceServices never get a status. The
controller is told to look for it where nobody answers: pods' addresses are made up here and may be somebody's outside.

It acts while KServe's kinds are there, without which ModelMesh has nothing to do.

Source: kserve/modelmesh-serving v0.12.0, main.go and pkg/config/config.go (what it reads, and where).
"""

import base64
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rehearsal import hosts, processes
from rehearsal.control_plane import kubeconfig, write_private
from rehearsal.controllers.base import ActingController, Context, Values, value
from rehearsal.kafka.broker import loopback_address
from rehearsal.kube import JsonObject, Kube
from rehearsal.processes import Child, Process, ProcessFailed

NAME = "modelmesh-controller"
"""Of the Deployment, as upstream calls it."""
REGISTRY = "modelmesh-etcd"
"""Of the StatefulSet."""
PLACES = {
    "/etc/model-serving/config/default": "config/default",
    "/tmp/k8s-webhook-server/serving-certs": "k8s-webhook-server/serving-certs",  # noqa: S108 - a container's path
}
"""Where the container mounts what the controller reads -> where it looks in its folder here."""
_CLIENTS, _PEERS = 2379, 2380
_NOBODY = "127.0.0.1:1"
"""Where ModelMesh would be asked."""
_SETTINGS = "config/default/config-defaults.yaml"
_TOKEN_SECONDS = 86_400
_STOP_SECONDS = 3.0
_LIMITS = "ModelMesh itself does not run beside its models, so none of them is loaded"


@dataclass
class _Running:
    """What runs for one tenant."""

    generation: int
    """Of the Deployment that it was started for."""
    children: list[Child] = field(default_factory=list[Child])


class ModelMesh:
    """The controllers of all tenants."""

    def __init__(self, context: Context) -> None:
        """Args: where they run."""
        self._context = context
        self._running: dict[str, _Running] = {}

    def step(self, api: Kube, values: Values) -> str:  # noqa: ARG002 - they go by no release
        """Look at everything once.

        Raises:
            ProcessFailed: when one has ended, with its last words.
        """
        found = {
            one["metadata"]["namespace"]: one
            for one in api.items("/apis/apps/v1/deployments", field_selector=f"metadata.name={NAME}")
            if not one["metadata"].get("deletionTimestamp")
        }
        for namespace in [key for key in self._running if key not in found]:
            self._remove(namespace)
        if found and "modelmesh" not in self._context.tools:
            return "ModelMesh's controller was not built for this rehearsal; its objects are checked"
        for namespace, deployment in found.items():
            running = self._running.get(namespace)
            if running is not None and running.generation != deployment["metadata"]["generation"]:
                self._remove(namespace)
                running = None
            if running is None:
                self._start(api, namespace, deployment)
            else:
                _check(running)
        return _LIMITS if found else ""

    def stop(self) -> None:
        """End them all. Idempotent."""
        for namespace in list(self._running):
            self._remove(namespace)

    def _remove(self, namespace: str) -> None:
        processes.stop(self._running.pop(namespace).children, grace=_STOP_SECONDS)
        shutil.rmtree(self._context.folder / namespace, ignore_errors=True)

    def _start(self, api: Kube, namespace: str, deployment: JsonObject) -> None:
        """Start a tenant's controller, once all that its pod would wait for is there."""
        pod = deployment["spec"]["template"]["spec"]
        stored = api.get(f"/apis/apps/v1/namespaces/{namespace}/statefulsets/{REGISTRY}")
        files = mounted(api, namespace, pod)
        if stored is None or files is None:
            return
        files = {**files, _SETTINGS: alone(files[_SETTINGS])}
        folder = self._context.folder / namespace
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, mode=0o700)
        for path, text in files.items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_private(folder / path, text)
        tool = self._context.tools["modelmesh"]
        # Its template of a Deployment lies where its container's working folder is.
        shutil.copytree(tool / "config", folder / "config", dirs_exist_ok=True)
        address = loopback_address(_CLIENTS)
        hosts.write(folder / hosts.NAME, {REGISTRY: address})
        write_private(folder / "kubeconfig", self._identity(api, namespace, pod["serviceAccountName"]))
        running = _Running(generation=deployment["metadata"]["generation"])
        self._running[namespace] = running
        for process in (
            registry(stored, self._context.program("etcd", "etcd"), folder, address),
            controller(deployment, str(tool / NAME), folder, self._context.port(), self._context.port()),
        ):
            (self._context.logs / f"{process.name}.log").unlink(missing_ok=True)
            running.children.append(processes.start(process, self._context.logs))

    def _identity(self, api: Kube, namespace: str, account: str) -> str:
        """How a service account reaches the API server."""
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{account}/token"
        asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest"}
        granted = api.create(path, {**asked, "spec": {"expirationSeconds": _TOKEN_SECONDS}})
        where = yaml.safe_load(Path(self._context.kubeconfig).read_text())["clusters"][0]["cluster"]
        authority = base64.b64decode(where["certificate-authority-data"])
        return kubeconfig(where["server"], granted["status"]["token"], authority)


def _check(running: _Running) -> None:
    for child in running.children:
        if not child.alive:
            raise ProcessFailed(child.obituary())


def mounted(api: Kube, namespace: str, pod: JsonObject) -> dict[str, str] | None:
    """Path in the controller's folder -> content of each file that its pod mounts; None while one is not there yet."""
    base = f"/api/v1/namespaces/{namespace}"
    sources = {one["name"]: one for one in pod["volumes"]}
    files: dict[str, str] = {}
    for mount in pod["containers"][0]["volumeMounts"]:
        volume, place = sources[mount["name"]], PLACES.get(mount["mountPath"])
        if place is None:
            continue
        if "secret" in volume:
            found = api.get(f"{base}/secrets/{volume['secret']['secretName']}")
            data = {key: base64.b64decode(text).decode() for key, text in value(found or {}, "data", {}).items()}
        else:
            found = api.get(f"{base}/configmaps/{volume['configMap']['name']}")
            data = value(found or {}, "data", {})
        if not data:
            return None
        files |= {f"{place}/{key}": text for key, text in data.items()}
    return files


def alone(settings: str) -> str:
    """The controller's settings without a ModelMesh to talk to. Pure."""
    return yaml.safe_dump({**yaml.safe_load(settings), "modelMeshEndpoint": _NOBODY}, sort_keys=False)


def controller(deployment: JsonObject, program: str, folder: Path, health: int, hooks: int) -> Process:
    """The controller as its Deployment has it, at ports of this machine. Pure."""
    namespace = deployment["metadata"]["namespace"]
    container = deployment["spec"]["template"]["spec"]["containers"][0]
    env = {one["name"]: one.get("value", namespace) for one in container["env"]}
    return Process(
        name=f"{NAME}-{namespace}",
        argv=(
            program,
            *container["args"],
            "--metrics-addr=0",
            f"--health-probe-bind-address=127.0.0.1:{health}",
        ),
        # It makes its first client before it reads its arguments, so the way to the API server is no flag.
        env={**env, "KUBECONFIG": str(folder / "kubeconfig"), "TMPDIR": str(folder), "WEBHOOK_PORT": str(hooks)},
        cwd=folder,
    )


def registry(stored: JsonObject, program: str, folder: Path, address: str) -> Process:
    """The etcd as its StatefulSet has it, at an address of this machine. Pure."""
    namespace, container = stored["metadata"]["namespace"], stored["spec"]["template"]["spec"]["containers"][0]
    peers = f"http://{address}:{_PEERS}"
    return Process(
        name=f"{REGISTRY}-{namespace}",
        argv=(program, *(_here(arg, container, folder, address) for arg in container["args"])),
        # Of itself it would ask for this port of every rehearsal's etcd.
        env={
            "ETCD_LISTEN_PEER_URLS": peers,
            "ETCD_INITIAL_ADVERTISE_PEER_URLS": peers,
            "ETCD_INITIAL_CLUSTER": f"default={peers}",
        },
    )


def _here(arg: str, container: Mapping[str, Any], folder: Path, address: str) -> str:
    """An argument with the container's addresses and folders replaced by those of this machine."""
    made = arg.replace("0.0.0.0", address)  # noqa: S104 - what is replaced
    for mount in container["volumeMounts"]:
        made = made.replace(f"={mount['mountPath']}{os.sep}", f"={folder / mount['name']}{os.sep}")
    return made


MODELMESH = ActingController(chart="kserve-crd", section="serving.modelmesh", optional=("modelmesh",), act=ModelMesh)
"""ModelMesh's controllers, by the real ones."""

"""How ModelMesh's controller and registry are run on this machine: by what a tenant's objects say."""

from pathlib import Path
from typing import Any

import yaml

from components.serving import mesh_objects
from rehearsal.controllers.modelmesh import NAME, PLACES, REGISTRY, alone, controller, registry
from rehearsal.processes import Process

FOLDER = Path("/run/mesh")


def placed(name: str, spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "vision"}, "spec": spec}


def run_controller() -> Process:
    return controller(placed(NAME, mesh_objects.controller_spec("image", {}, "")), "program", FOLDER, 4711, 4712)


def run_registry() -> Process:
    return registry(placed(REGISTRY, mesh_objects.registry_spec("image", {}, 2)), "etcd", FOLDER, "127.1.2.3")


def test_they_are_known_by_the_names_that_the_platform_gives_them() -> None:
    assert (NAME, REGISTRY) == (mesh_objects.CONTROLLER, mesh_objects.REGISTRY)
    (container,) = mesh_objects.controller_spec("image", {}, "")["template"]["spec"]["containers"]
    assert {one["mountPath"] for one in container["volumeMounts"]} == set(PLACES)


def test_the_controller_has_the_arguments_and_environment_of_its_deployment() -> None:
    process = run_controller()
    assert "--enable-leader-election" in process.argv
    assert (process.env["NAMESPACE"], process.env["NAMESPACE_SCOPE"]) == ("vision", "true")
    assert process.env["KUBECONFIG"] == "/run/mesh/kubeconfig"


def test_the_registry_has_the_arguments_of_its_stateful_set_at_an_address_and_in_a_folder_of_this_machine() -> None:
    process = run_registry()
    assert "--data-dir=/run/mesh/data/data" in process.argv
    assert "--listen-client-urls=http://127.1.2.3:2379" in process.argv
    assert "--advertise-client-urls=http://modelmesh-etcd:2379" in process.argv
    assert process.env["ETCD_LISTEN_PEER_URLS"] == "http://127.1.2.3:2380"


def test_both_listen_on_loopback_only() -> None:
    for process in (run_controller(), run_registry()):
        text = " ".join((*process.argv, *process.env.values()))
        assert "0.0.0.0" not in text  # noqa: S104 - looked for, not bound
    assert {"--metrics-addr=0", "--health-probe-bind-address=127.0.0.1:4711"} <= set(run_controller().argv)


def test_the_controller_asks_no_address_that_a_simulated_pod_has() -> None:
    images = dict.fromkeys(("mesh", "rest-proxy", "adapter"), "registry.invalid/x:1")
    written = mesh_objects.configuration(images)
    assert yaml.safe_load(alone(written)) == {**yaml.safe_load(written), "modelMeshEndpoint": "127.0.0.1:1"}

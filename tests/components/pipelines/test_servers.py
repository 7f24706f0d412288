"""The servers of a tenant's pipelines, as plain specs."""

from typing import Any

import pytest
import yaml

from components.pipelines import data, servers
from components.pipelines.envoy import envoy_config
from components.pipelines.pods import Server, deployment, service, value
from components.pipelines.store import artifact_store, bucket_of, pipeline_root
from components.settings import load
from components.settings.cluster import Cluster, ExistingCluster
from components.settings.pipelines import TenantPipelines
from components.settings.stack_file import read_stack_file, stack_path
from tests.project import ROOT

IMAGES = {
    key: f"{key}:1"
    for key in (
        "kfp-api-server",
        "kfp-persistence-agent",
        "kfp-schedules",
        "kfp-ui",
        "kfp-metadata-envoy",
        "kfp-metadata",
        "kfp-driver",
        "kfp-launcher",
    )
}


def cluster(stack: str) -> Cluster:
    return load(read_stack_file(stack_path(ROOT, stack)), source=stack).cluster


def everything(stack: str = "local") -> dict[str, Server]:
    where, store = data.database(TenantPipelines()), artifact_store(cluster(stack))
    made = [
        servers.api_server(IMAGES, where, store, value("OBJECTSTORECONFIG_BUCKETNAME", "bucket"), "{}", {}),
        servers.persistence_agent(IMAGES),
        servers.schedules(IMAGES),
        servers.ui(IMAGES, store, {}),
        servers.metadata(IMAGES, where),
        servers.metadata_web(IMAGES),
        data.mysql("mysql:1"),
        data.seaweedfs("seaweedfs:1", 30),
    ]
    return {server.name: server for server in made}


def environment(server: Server) -> dict[str, str]:
    """Variables with a plain value."""
    return {entry["name"]: entry["value"] for entry in server.env if "value" in entry}


@pytest.mark.parametrize("name", everything())
def test_every_server_passes_pod_security_restricted(name: str) -> None:
    pod = deployment(everything()[name])["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert container["securityContext"]["runAsUser"] > 0


@pytest.mark.parametrize("name", everything())
def test_every_server_says_what_it_needs_and_how_much_it_may_take(name: str) -> None:
    (container,) = deployment(everything()[name])["template"]["spec"]["containers"]
    assert set(container["resources"]["requests"]) == {"cpu", "memory"}
    assert set(container["resources"]["limits"]) == {"memory"}


def test_all_of_them_fit_into_what_settings_reserve() -> None:
    from components.settings.checks_pipelines import SERVERS_CPU, SERVERS_MEMORY_GIB

    cpu = sum(int(server.cpu.removesuffix("m")) for server in everything().values())
    most = sum(_gib(server.memory[1]) for server in everything().values())
    assert (cpu <= 1000 * SERVERS_CPU, most <= SERVERS_MEMORY_GIB) == (True, True), (cpu, most)


def _gib(text: str) -> float:
    return int(text[:-2]) / (1024 if text.endswith("Mi") else 1)


def test_only_servers_that_ask_the_kubernetes_api_have_a_token() -> None:
    tokens = {
        name: deployment(server)["template"]["spec"]["automountServiceAccountToken"]
        for name, server in everything().items()
    }
    assert {name for name, on in tokens.items() if on} == {
        "ml-pipeline",
        "ml-pipeline-persistenceagent",
        "ml-pipeline-scheduledworkflow",
        "ml-pipeline-ui",
    }


def test_a_service_leads_to_its_servers_own_pods() -> None:
    made = everything()["ml-pipeline-ui"]
    assert service(made)["ports"] == [{"name": "http", "port": 80, "targetPort": 3000}]
    assert service(made)["selector"] == deployment(made)["selector"]["matchLabels"]


def test_a_server_with_a_volume_never_runs_twice() -> None:
    assert {name for name, one in everything().items() if deployment(one)["strategy"]["type"] == "Recreate"} == {
        "pipelines-database",
        "pipelines-store",
    }


@pytest.mark.parametrize("stack", ["local", "aws-dev", "gcp-dev", "azure-dev"])
def test_no_default_credentials_are_left(stack: str) -> None:
    text = str([(server.env, server.args) for server in everything(stack).values()])
    assert "minio123" not in text
    names = {entry["name"] for server in everything(stack).values() for entry in server.env}
    # Absent ones would be filled in with the defaults of the programs.
    assert {
        "OBJECTSTORECONFIG_ACCESSKEY",
        "OBJECTSTORECONFIG_SECRETACCESSKEY",
        "MINIO_ACCESS_KEY",
        "MINIO_SECRET_KEY",
        "MYSQL_ROOT_PASSWORD",
    } <= names


@pytest.mark.parametrize(
    ("stack", "own", "host"),
    [
        ("local", True, "pipelines-store"),
        ("aws-dev", False, "s3.us-east-1.amazonaws.com"),
        ("gcp-dev", False, "storage.googleapis.com"),
        ("azure-dev", True, "pipelines-store"),
    ],
)
def test_artifacts_lie_in_the_clouds_store_where_kubeflow_can_read_it(stack: str, own: bool, host: str) -> None:
    store = artifact_store(cluster(stack))
    api = environment(everything(stack)["ml-pipeline"])
    assert (store.own, api["OBJECTSTORECONFIG_HOST"]) == (own, host)
    assert bool(store.providers) is own
    if not own:
        assert api["OBJECTSTORECONFIG_ACCESSKEY"] == api["OBJECTSTORECONFIG_SECRETACCESSKEY"] == ""


def test_steps_find_the_own_stores_keys_in_its_secret() -> None:
    (provider,) = yaml.safe_load(artifact_store(cluster("local")).providers).values()
    assert provider["default"]["endpoint"] == "pipelines-store:8333"
    assert provider["default"]["credentials"]["secretRef"]["secretName"] == "pipelines-store"


def test_a_runs_artifacts_lie_in_the_tenants_part_of_the_bucket() -> None:
    assert pipeline_root("s3://artifacts-1/vision") == "s3://artifacts-1/vision/pipelines"
    assert pipeline_root(None) == "minio://mlpipeline/pipelines"
    assert bucket_of("gs://artifacts-1/vision") == "artifacts-1"


@pytest.mark.parametrize(("days", "age"), [(30, "-ttl=30d"), (255, "-ttl=255d"), (365, "-ttl=53w"), (None, None)])
def test_an_own_store_forgets_what_is_older(days: int | None, age: str | None) -> None:
    (_, _, setup) = data.seaweedfs("seaweedfs:1", days).lifecycle["postStart"]["exec"]["command"]  # type: ignore[index]
    assert (age in setup) if age else ("-ttl" not in setup)


def test_the_databases_user_has_rights_on_the_two_databases_only() -> None:
    script = data.setup_script()
    assert script.count("GRANT ALL PRIVILEGES") == 2
    assert "mlpipeline.*" in script and "metadb.*" in script and "*.*" not in script


def test_a_managed_database_takes_the_place_of_the_own_one() -> None:
    chosen = {"host": "db.internal", "port": 3307, "cidr": "10.0.9.0/24", "secret": "pipelines-db"}
    where = data.database(TenantPipelines.model_validate({"database": chosen}))
    api = servers.api_server(IMAGES, where, artifact_store(cluster("local")), value("B", "b"), "{}", {})
    assert environment(api)["DBCONFIG_MYSQLCONFIG_HOST"] == "db.internal"
    assert environment(api)["DBCONFIG_MYSQLCONFIG_PORT"] == "3307"
    secrets = {
        entry["valueFrom"]["secretKeyRef"]["name"]
        for entry in api.env
        if entry["name"].startswith("DBCONFIG") and "valueFrom" in entry
    }
    assert secrets == {"pipelines-db"}


def test_envoy_leads_browsers_to_the_metadata_and_is_administered_in_its_pod_alone() -> None:
    config: dict[str, Any] = yaml.safe_load(envoy_config())
    assert config["admin"]["address"]["socket_address"]["address"] == "127.0.0.1"
    (upstream,) = config["static_resources"]["clusters"]
    (endpoint,) = upstream["load_assignment"]["endpoints"][0]["lb_endpoints"]
    address = endpoint["endpoint"]["address"]["socket_address"]
    assert address == {"address": "metadata-grpc-service", "port_value": 8080}


def test_an_existing_cluster_without_a_store_brings_one() -> None:
    assert artifact_store(ExistingCluster.model_validate({"provider": "existing"})).own

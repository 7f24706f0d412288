"""A tenant's pipelines, as the engine sees them."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pulumi
import pulumi_random as random
import pytest

from components.pipelines.tenant import TenantPipelines
from components.settings import load
from components.settings.stack_file import read_stack_file, stack_path
from components.storage.outputs import Folder, Identity, StoreAccess, Volume
from tests.components.recorder import Graph, build
from tests.project import ROOT

PASSWORD = "random:index/randomPassword:RandomPassword"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
SECRET = "kubernetes:core/v1:Secret"


class Bucket:
    """A store of a cloud that opens folders by label."""

    def __init__(self) -> None:
        self.opened: dict[str, Mapping[Folder, Any]] = {}

    def uri(self, folder: Folder) -> pulumi.Output[str]:
        return pulumi.Output.from_input(f"s3://{folder.store.value}-1/{folder.name}")

    def allow(
        self,
        name: str,  # noqa: ARG002
        access: StoreAccess,
        opts: pulumi.ResourceOptions | None = None,  # noqa: ARG002
    ) -> Identity:
        self.opened[access["service_account"]] = access["folders"]
        return Identity({"cloud/role": access["service_account"]}, {"cloud/use": "true"})

    def datasets(self, tenant: str) -> Volume | None:  # noqa: ARG002
        return None


@cache
def made(stack: str, database: bool = False) -> tuple[Graph, Bucket]:
    bucket = Bucket()
    cluster = load(read_stack_file(stack_path(ROOT, stack)), source=stack).cluster
    own = {"database": {"host": "db.internal", "cidr": "10.0.9.0/24", "secret": "pipelines-db"}} if database else {}

    def component() -> TenantPipelines:
        return TenantPipelines(
            "t",
            {
                "tenant": "vision",
                "settings": own,
                "retention_days": 30,
                "api_server": ["10.10.0.0/16"],
                "images_lock": {},
                "mirror": "ghcr.io/acme/mirror",
                "protected": stack == "aws-dev",
            },
            cluster,
            bucket if stack == "aws-dev" else None,
            random.Provider("passwords"),
        )

    answers = {PASSWORD: {"result": "made-up"}}
    return build(answers, component, read_outputs=()), bucket


def config(graph: Graph, name: str) -> dict[str, str]:
    return graph.one("kubernetes:core/v1:ConfigMap", f"t-{name}").inputs["data"]


def images(graph: Graph) -> set[str]:
    pods = [one.inputs["spec"]["template"]["spec"] for one in graph.all(DEPLOYMENT)]
    return {container["image"] for pod in pods for container in pod["containers"]}


def test_all_of_it_lies_in_the_tenants_namespace() -> None:
    graph, _ = made("local")
    objects = [one for one in graph.resources if one.type.startswith("kubernetes:")]
    assert objects
    assert {one.inputs["metadata"]["namespace"] for one in objects} == {"vision"}


def test_every_image_comes_from_the_mirror() -> None:
    graph, _ = made("local")
    assert len(images(graph)) == 8
    assert all(image.startswith("ghcr.io/acme/mirror/") for image in images(graph))


def test_on_a_cloud_artifacts_lie_in_the_tenants_folder_and_nothing_is_stored_in_the_cluster() -> None:
    graph, bucket = made("aws-dev")
    assert config(graph, "kfp-launcher") == {"defaultPipelineRoot": "s3://artifacts-1/vision/pipelines"}
    assert [claim.name for claim in graph.all("kubernetes:core/v1:PersistentVolumeClaim")] == ["t-pipelines-database"]
    assert set(bucket.opened) == {"ml-pipeline", "ml-pipeline-ui", "pipeline-runner"}


def test_servers_read_artifacts_and_steps_also_write_the_tenants_models() -> None:
    _, bucket = made("aws-dev")
    spoken = {
        account: {f"{folder.store.value}/{folder.name}": access.value for folder, access in folders.items()}
        for account, folders in bucket.opened.items()
    }
    assert spoken["ml-pipeline"] == spoken["ml-pipeline-ui"] == {"artifacts/vision": "read"}
    assert spoken["pipeline-runner"] == {"artifacts/vision": "write", "models/vision": "write", "models/shared": "read"}


def test_without_a_fitting_store_the_tenant_gets_one_with_a_key_that_nobody_chose() -> None:
    graph, _ = made("local")
    assert config(graph, "kfp-launcher")["defaultPipelineRoot"] == "minio://mlpipeline/pipelines"
    keys = graph.one(SECRET, "t-pipelines-store").inputs["stringData"]
    assert keys == {"accesskey": "pipelines", "secretkey": "made-up"}


def test_every_password_is_generated_and_differs_from_the_others() -> None:
    graph, _ = made("local")
    passwords = {one.name: one.inputs["length"] for one in graph.all(PASSWORD)}
    assert passwords == {"t-database-password": 32, "t-root-password": 32, "t-store-password": 32}


def test_a_database_of_yours_needs_no_password_and_a_hole_in_the_network() -> None:
    graph, _ = made("aws-dev", database=True)
    assert not graph.all(PASSWORD) and not graph.all(SECRET)
    (egress,) = graph.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "t-pipelines-to-database").inputs["spec"][
        "egress"
    ]
    assert egress == {"to": [{"ipBlock": {"cidr": "10.0.9.0/24"}}], "ports": [{"protocol": "TCP", "port": 3306}]}


def test_servers_and_steps_reach_the_kubernetes_api_and_data_does_not() -> None:
    graph, _ = made("local")
    spec = graph.one("kubernetes:networking.k8s.io/v1:NetworkPolicy", "t-pipelines-to-api").inputs["spec"]
    (who,) = spec["podSelector"]["matchExpressions"]
    assert who == {"key": "multimodal.dev/pipelines", "operator": "In", "values": ["server", "step"]}
    assert spec["egress"][0]["to"] == [{"ipBlock": {"cidr": "10.10.0.0/16"}}]


@pytest.mark.parametrize(
    ("later", "earlier"),
    [
        ("ml-pipeline", "pipelines-database"),
        ("ml-pipeline", "pipelines-store"),
        ("ml-pipeline", "metadata-grpc-service"),
        ("ml-pipeline-persistenceagent", "ml-pipeline"),
        ("ml-pipeline-ui", "metadata-envoy-service"),
    ],
)
def test_a_server_comes_after_what_it_talks_to(later: str, earlier: str) -> None:
    graph, _ = made("local")
    service = graph.one("kubernetes:core/v1:Service", f"t-{earlier}")
    assert service.urn in graph.one(DEPLOYMENT, f"t-{later}").needs


def test_accounts_carry_their_cloud_identity_and_hand_out_no_token() -> None:
    graph, _ = made("aws-dev")
    account = graph.one("kubernetes:core/v1:ServiceAccount", "t-pipeline-runner").inputs
    assert account["metadata"]["annotations"] == {"cloud/role": "pipeline-runner"}
    assert account["automountServiceAccountToken"] is False


def test_volumes_are_protected_where_the_cluster_is() -> None:
    def protected(stack: str) -> set[bool]:
        return {claim.protected for claim in made(stack)[0].all("kubernetes:core/v1:PersistentVolumeClaim")}

    assert (protected("aws-dev"), protected("local")) == ({True}, {False})

"""What the rehearsal's Google Cloud provider answers for storage."""

import pytest

from rehearsal.providers.gcp import GcpProvider
from rehearsal.providers.plugin_values import UNKNOWN

FILES, BUCKET = "gcp:filestore/instance:Instance", "gcp:storage/bucket:Bucket"
MEMBER = "gcp:storage/bucketIAMMember:BucketIAMMember"
FILE_SERVER = {
    "name": "f",
    "location": "us-central1",
    "tier": "REGIONAL",
    "fileShares": {"name": "shared", "capacityGb": 1024},
    "networks": [{"network": "n", "modes": ["MODE_IPV4"]}],
}


@pytest.fixture
def gcp() -> GcpProvider:
    provider = GcpProvider()
    provider.configure({"project": "p", "region": "us-central1"})
    return provider


def urn(token: str) -> str:
    return f"urn:pulumi:dev::multimodal::{token}::x"


def test_a_file_server_has_an_address_once_it_exists(gcp: GcpProvider) -> None:
    id_, made = gcp.create_resource(FILES, urn(FILES), FILE_SERVER, False)
    assert id_ == "projects/p/locations/us-central1/instances/f"
    assert made["networks"] == [{"network": "n", "modes": ["MODE_IPV4"], "ipAddresses": ["192.0.2.2"]}]
    _, planned = gcp.create_resource(FILES, urn(FILES), FILE_SERVER, True)
    assert planned["networks"][0]["ipAddresses"] is UNKNOWN


def test_a_file_server_that_is_changed_keeps_its_address(gcp: GcpProvider) -> None:
    id_, made = gcp.create_resource(FILES, urn(FILES), FILE_SERVER, False)
    larger = {**FILE_SERVER, "fileShares": {"name": "shared", "capacityGb": 2048}}
    for preview in (True, False):
        changed = gcp.update_resource(FILES, urn(FILES), id_, larger, FILE_SERVER, made, preview)
        assert changed["networks"] == made["networks"]
        assert changed["fileShares"]["capacityGb"] == 2048


def test_the_storage_service_agent_is_a_member_that_a_key_can_let_in(gcp: GcpProvider) -> None:
    found = gcp.invoke("gcp:storage/getProjectServiceAccount:getProjectServiceAccount", {"project": "p"})
    assert found["member"] == "serviceAccount:service-123456789012@gs-project-accounts.iam.gserviceaccount.com"
    assert found["emailAddress"] == found["member"].removeprefix("serviceAccount:")


def test_a_member_of_a_bucket_is_known_by_bucket_role_and_name(gcp: GcpProvider) -> None:
    inputs = {"bucket": "b", "role": "roles/storage.objectUser", "member": "group:a@example.com"}
    id_, _ = gcp.create_resource(MEMBER, urn(MEMBER), inputs, False)
    assert id_ == "b/roles/storage.objectUser/group:a@example.com"


def test_a_bucket_has_the_address_that_training_code_reads(gcp: GcpProvider) -> None:
    _, made = gcp.create_resource(BUCKET, urn(BUCKET), {"name": "models", "location": "US"}, False)
    assert made["url"] == "gs://models"

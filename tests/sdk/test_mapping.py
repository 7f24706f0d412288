"""Every property that an SDK offers goes to an API field of its kind, or stands on a list that says why not."""

import pytest

from rehearsal.contracts import aws, azure, gcp
from rehearsal.contracts.binding import Binding
from rehearsal.providers.outputs_aws import OUTPUTS as AWS_OUTPUTS
from rehearsal.providers.outputs_azure import OUTPUTS as AZURE_OUTPUTS
from rehearsal.providers.outputs_gcp import OUTPUTS as GCP_OUTPUTS
from rehearsal.providers.plugin_diff import parse_pattern
from tests.sdk.mapping import gaps, properties, unused

BINDINGS: dict[str, Binding] = {**aws.BINDINGS, **gcp.BINDINGS, **azure.BINDINGS}
ALIASES = {"aws:s3/bucketV2:BucketV2"}


@pytest.mark.parametrize("token", BINDINGS)
def test_every_property_of_the_sdk_is_mapped_or_listed_as_no_api_field(token: str) -> None:
    assert gaps(token, BINDINGS[token]) == []


@pytest.mark.parametrize("token", sorted(BINDINGS.keys() - ALIASES))
def test_every_path_in_a_table_is_a_property_of_the_sdk(token: str) -> None:
    assert unused(token, BINDINGS[token]) == set()


@pytest.mark.parametrize("token", BINDINGS)
def test_what_replaces_a_resource_is_a_property_of_it(token: str) -> None:
    first = {parse_pattern(pattern)[0] for pattern in BINDINGS[token].replaces}
    assert first - properties(token) - {"project"} == set()


def test_every_checked_type_has_outputs_of_its_own() -> None:
    aliases = {"aws:s3/bucketVersioningV2:BucketVersioningV2"}
    aliases.add("aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2")
    assert BINDINGS.keys() - AWS_OUTPUTS.keys() - GCP_OUTPUTS.keys() - AZURE_OUTPUTS.keys() == aliases


def test_a_property_that_the_sdk_gains_is_noticed() -> None:
    token = "aws:eks/nodeGroup:NodeGroup"
    binding = BINDINGS[token]
    without = {path: why for path, why in binding.local.items() if path != "forceUpdateVersion"}
    changed = Binding(api=binding.api, by=binding.by, shape=binding.shape, fields=binding.fields, local=without)
    assert gaps(token, changed) == ["forceUpdateVersion is not in CreateNodegroupRequest"]

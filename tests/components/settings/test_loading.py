"""What a stack file may say, and what its author is told when it cannot be."""

import json

import jsonschema
import pytest
from jsonschema.protocols import Validator
from jsonschema.validators import validator_for

from components.settings import SettingsError, load, parse
from components.settings.loading import schema
from components.settings.schema import PATH, rendered
from components.settings.stack_file import read_stack_file, stack_path, stacks
from tests.project import ROOT
from tests.stack_files import sections, settings


@pytest.fixture(scope="module")
def validator() -> Validator:
    """Made once: checking that the schema is one takes longer than all else here."""
    kind = validator_for(schema())
    kind.check_schema(schema())
    return kind(schema())


def problems(**changes: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        parse(sections(**changes))
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("stack", stacks(ROOT))
def test_every_stack_file_of_the_project_is_valid(stack: str) -> None:
    assert load(read_stack_file(stack_path(ROOT, stack)), source=stack).tenants


@pytest.mark.parametrize("stack", stacks(ROOT))
def test_every_stack_file_matches_the_schema_and_points_the_editor_at_it(stack: str, validator: Validator) -> None:
    path = stack_path(ROOT, stack)
    validator.validate({"config": read_stack_file(path)})
    assert path.read_text().startswith("# yaml-language-server: $schema=../components/settings/schema.json\n")


def test_the_committed_schema_is_that_of_the_models() -> None:
    assert PATH.read_text() == rendered(), "run: python -m components.settings.schema"


def test_the_schema_refuses_an_unknown_key(validator: Validator) -> None:
    config = {f"multimodal:{key}": value for key, value in sections().items()}
    config["multimodal:tennants"] = {}
    with pytest.raises(jsonschema.ValidationError):
        validator.validate({"config": config})


def test_values_may_be_json_text_as_the_engine_hands_them_over() -> None:
    config = {f"multimodal:{k}": json.dumps(v) if isinstance(v, dict) else v for k, v in sections().items()}
    assert load(config, source="x") == settings()


def test_keys_of_other_namespaces_are_left_alone() -> None:
    config = {f"multimodal:{key}": value for key, value in sections().items()}
    assert load({**config, "pulumi:disable-default-providers": ["*"]}, source="x") == settings()


def test_settings_cannot_be_changed() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings().cluster.region = "eu-west-1"  # type: ignore[union-attr, misc]


def test_all_problems_are_said_at_once_with_key_value_and_remedy() -> None:
    found = problems(
        **{
            "environment": "production",
            "cluster.gpuPools.l4.maxnodes": 3,
            "cluster.gpuPools.h100.machine": "p9.large",
            "tenants.vision.quota.gpus": "four",
            "versions": {"kubernetes": 1.34},
        }
    )
    assert found == [
        'multimodal:environment = "production": allowed: dev, staging, prod',
        "multimodal:cluster.gpuPools.l4.maxnodes = 3: unknown key; did you mean maxNodes or minNodes? "
        "Allowed: capacity, diskGib, fastNetwork, labels, machine, maxNodes, mig, minNodes, reservation, taints, "
        "timeSlicing, zones",
        'multimodal:tenants.vision.quota.gpus = "four": input should be a valid integer',
        'multimodal:versions.kubernetes = 1.34: write it in quotes, as "1.34"; YAML reads it as a number',
        "multimodal:cluster.gpuPools.h100.machine = \"p9.large\": aws has no machine type 'p9.large' in the catalog; "
        "did you mean p5.4xlarge or p3.8xlarge or p3.2xlarge?",
    ]


def test_the_report_counts_problems_and_names_its_source() -> None:
    with pytest.raises(SettingsError, match=r"^stacks/Pulumi\.x\.yaml: 1 problem\n  multimodal:environment"):
        parse(sections(environment="x"), source="stacks/Pulumi.x.yaml")


def test_a_broken_pool_does_not_hide_what_is_wrong_with_another() -> None:
    found = problems(**{"cluster.gpuPools.l4.maxNodes": "many", "cluster.gpuPools.h100.mig": {"7g.80gb": 2}})
    assert len(found) == 2
    assert "l4.maxNodes" in found[0]
    assert "h100.mig" in found[1]


def test_quotas_are_not_judged_while_a_pool_cannot_be_read() -> None:
    found = problems(**{"cluster.gpuPools.l4.maxNodes": "many", "tenants.vision.quota.gpus": 4})
    assert [problem for problem in found if "quota" in problem] == []


def test_an_unknown_provider_lists_the_known_ones() -> None:
    assert problems(**{"cluster.provider": "oke"}) == [
        'multimodal:cluster.provider = "oke": allowed: eks, gke, aks, existing'
    ]


def test_an_open_api_endpoint_can_be_asked_for_by_name() -> None:
    opened = settings(**{"cluster.api": {"publicCidrs": ["0.0.0.0/0"], "openToTheWorld": True}})
    assert opened.cluster.api.public_cidrs == ("0.0.0.0/0",)  # type: ignore[union-attr]


def test_a_production_stack_enforces_signatures_by_default() -> None:
    assert settings(environment="prod").trust.enforcement.value == "enforce"

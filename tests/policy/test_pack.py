import sys
from pathlib import Path

import pytest
import yaml
from pulumi_policy import EnforcementLevel, Policy, StackValidationPolicy

import policy.rules
from policy.recorder import recorder
from policy.rules import POLICIES, RULES

ROOT = Path(policy.rules.__file__).parents[2]


def test_every_rule_module_is_in_the_pack() -> None:
    modules = {path.stem.replace("_", "-") for path in Path(policy.rules.__file__).parent.glob("[a-z]*.py")}
    assert [rule.name for rule in RULES] == [rule.name for rule in POLICIES[1:]]
    assert modules == {rule.name for rule in RULES}


def test_names_are_unique() -> None:
    assert len({rule.name for rule in POLICIES}) == len(POLICIES)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_is_mandatory_and_says_what_it_refuses_and_how_to_fix_it(rule: Policy) -> None:
    assert rule.enforcement_level is EnforcementLevel.MANDATORY
    assert rule.description
    assert rule.display_name
    assert rule.severity
    assert rule.remediation_steps


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_and_its_configuration_are_in_the_documentation(rule: Policy) -> None:
    page = (ROOT / "docs" / "policies.md").read_text(encoding="utf-8")
    row = next(line for line in page.splitlines() if line.startswith(f"| `{rule.name}` |"))
    for key in rule.config_schema.properties if rule.config_schema else ():
        assert f"`{key}`" in row


def test_stack_rules_come_with_what_lets_them_see() -> None:
    assert any(isinstance(rule, StackValidationPolicy) for rule in RULES)
    assert POLICIES[0] is recorder
    assert recorder.enforcement_level is EnforcementLevel.MANDATORY


def test_the_cli_finds_the_pack_and_the_programs_virtual_environment() -> None:
    manifest = yaml.safe_load((ROOT / "policy" / "PulumiPolicy.yaml").read_text(encoding="utf-8"))
    assert manifest["runtime"] == {"name": "python", "options": {"virtualenv": "../.venv"}}
    assert (ROOT / "policy" / "__main__.py").is_file()


def test_no_module_hides_one_of_pythons_own() -> None:
    """Python finds the folder of a script that it runs before its own library."""
    names = {path.stem for path in (ROOT / "policy").iterdir()}
    assert not names & sys.stdlib_module_names

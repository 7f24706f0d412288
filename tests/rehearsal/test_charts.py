"""Checks of a release's values and CRDs against the chart's own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.catalog.charts import CHARTS
from rehearsal import charts, custom_kinds, upstream, upstream_crds
from rehearsal.providers import kubernetes_release
from rehearsal.providers.plugin import UNKNOWN

URN = "urn:pulumi:dev::multimodal::kubernetes:helm.sh/v3:Release::a-release"
VALUES = {
    "image": {"repository": "example/app", "tag": ""},
    "replicas": 1,
    "nodeSelector": {},
    "tolerations": [],
    "override": None,
    "config": {"create": False, "data": {}},
    "sub": {"enabled": True},
}
SCHEMA = {"type": "object", "properties": {"replicas": {"type": "integer", "minimum": 1}}}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An upstream folder with one chart, called volcano because that one is in the catalog."""
    chart = tmp_path / "upstream" / "volcano"
    (chart / "charts" / "sub").mkdir(parents=True)
    (chart / "values.yaml").write_text(yaml.safe_dump(VALUES))
    (chart / "values.schema.json").write_text(json.dumps(SCHEMA))
    (chart / "value-refs.txt").write_text("image.pullSecret\nextra.block\nconfig\nnew.deep.path\n")
    (chart / "charts" / "sub" / "values.yaml").write_text("mode: fast\nenabled: false\n")
    (chart / "Chart.yaml").write_text(
        yaml.safe_dump({"version": "1.15.0", "dependencies": [{"name": "sub"}, {"name": "far", "alias": "distant"}]})
    )
    monkeypatch.setenv("REHEARSAL_UPSTREAM", str(tmp_path / "upstream"))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return chart


def findings(values: dict[str, Any]) -> list[str]:
    data = upstream.chart_data("volcano")
    assert data is not None
    return [finding.reason for finding in charts.check_values(data, values)]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"image": {"repository": "x"}, "replicas": 3},
        {"nodeSelector": {"pool": "gpu"}},
        {"tolerations": [{"key": "nvidia.com/gpu"}]},
        {"override": {"any": {"thing": 1}}},
        {"config": {"data": {"config.yaml": "text"}}},
        {"sub": {"mode": "slow"}},
        {"distant": {"whatever": True}},
        {"global": {"imageRegistry": "example.org"}},
        {"image": {"pullSecret": "x"}},
        {"extra": {"block": {"a": 1}}},
        {"new": {"deep": {"path": 1}}},
        {"replicas": None},
    ],
)
def test_values_that_the_chart_has_or_leaves_open_pass(folder: Path, values: dict[str, Any]) -> None:
    assert findings(values) == []


@pytest.mark.parametrize(
    ("values", "closest"),
    [
        ({"image": {"repositry": "x"}}, "image.repository"),
        ({"replica": 3}, "replicas"),
        ({"sub": {"moed": "x"}}, "sub.mode"),
        ({"config": {"creat": True}}, "config.create"),
        ({"extra": {"blok": 1}}, "extra.block"),
    ],
)
def test_a_value_that_the_chart_lacks_is_named_with_the_closest_one(
    folder: Path, values: dict[str, Any], closest: str
) -> None:
    (reason,) = findings(values)
    assert "chart volcano 1.15.0 has no such value, so Helm would ignore it" in reason
    assert reason.endswith(f"the closest that exists is {closest}")


def test_a_scalar_where_the_chart_has_a_map_is_refused(folder: Path) -> None:
    assert findings({"image": "example/app:1"}) == [
        "image: 'example/app:1' where chart volcano 1.15.0 expects a map with repository, tag"
    ]


def test_a_map_where_the_chart_has_a_number_is_refused(folder: Path) -> None:
    (reason,) = findings({"replicas": {"min": 1}})
    assert "replicas: a map where chart volcano 1.15.0 expects a value like 1" in reason


def test_the_charts_own_schema_is_applied_to_defaults_and_values_together(folder: Path) -> None:
    assert findings({"replicas": 0}) == [
        "replicas: 0 is less than the minimum of 1 (values.schema.json of chart volcano 1.15.0)"
    ]


def test_several_mistakes_are_all_reported(folder: Path) -> None:
    assert len(findings({"a": 1, "image": {"b": 2}, "replicas": 1})) == 2


@pytest.mark.parametrize("version", [None, "", "^1.2.3", "1.2", ">=1.2.3", "1.x.0", "latest"])
def test_a_version_that_is_no_pin_is_refused(version: Any) -> None:
    assert "pin the exact version" in charts.check_version("volcano", version)


@pytest.mark.parametrize("version", ["1.15.0", "v26.7.0", "1.2.3-rc.1", "0.1.0+build.5"])
def test_an_exact_version_is_a_pin(version: str) -> None:
    assert charts.check_version("volcano", version) == ""


def test_broken_upstream_yaml_is_named(folder: Path) -> None:
    (folder / "values.yaml").write_text("a: [1")
    with pytest.raises(ValueError, match=r"volcano/values\.yaml: is not readable YAML"):
        upstream.chart_data("volcano")


def test_values_files_come_from_the_cache_when_no_folder_is_named(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REHEARSAL_UPSTREAM")
    assert upstream.chart_data("volcano") is None
    cache = tmp_path / "cache" / "multimodal-platform"
    cache.mkdir(parents=True)
    folder.parent.rename(cache / "upstream")
    assert upstream.chart_data("volcano") is not None


def release(**inputs: Any) -> dict[str, Any]:
    base = {"name": "r", "namespace": "ns", "chart": "volcano", "version": "1.15.0", "values": {}}
    return {**base, **inputs}


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "report.jsonl"
    monkeypatch.setenv("REHEARSAL_REPORT", str(path))
    return path


def test_a_release_with_right_values_is_reported_as_checked(folder: Path, report: Path) -> None:
    assert list(kubernetes_release.check(URN, release(values={"replicas": 2, "image": {"tag": UNKNOWN}}))) == []
    line = json.loads(report.read_text())
    assert (line["kind"], line["by"]) == ("checked", "chart-values of volcano 1.15.0 from upstream/volcano")


def test_a_release_with_a_wrong_value_is_refused_at_its_property(folder: Path, report: Path) -> None:
    ((path, reason),) = kubernetes_release.check(URN, release(values={"image": {"tga": 1}}))
    assert path == "values.image.tga"
    assert "image.tag" in reason


def test_a_release_without_a_pin_is_refused(folder: Path) -> None:
    ((path, _),) = kubernetes_release.check(URN, release(version="^1.15.0"))
    assert path == "version"


@pytest.mark.parametrize(
    ("inputs", "reason"),
    [
        ({"chart": "unheard-of"}, "chart unheard-of is not in the catalog"),
        ({"chart": "oci://example.org/charts/gpu-operator", "version": "1.0.0"}, "gpu-operator are not at hand"),
        ({"version": "1.14.0"}, "pins chart volcano 1.14.0, the values at hand are those of 1.15.0"),
        ({"version": UNKNOWN}, "not known until the update"),
        ({"values": UNKNOWN}, "not known until the update"),
    ],
)
def test_what_cannot_be_checked_is_reported_as_skipped(
    folder: Path, report: Path, inputs: dict[str, Any], reason: str
) -> None:
    assert list(kubernetes_release.check(URN, release(**inputs))) == []
    line = json.loads(report.read_text())
    assert line["kind"] == "skipped"
    assert reason in line["reason"]


def test_values_hidden_in_files_are_refused(folder: Path) -> None:
    found = dict(kubernetes_release.check(URN, release(valueYamlFiles=["x"])))
    assert "use values" in found["valueYamlFiles"]


def test_crds_come_without_descriptions_but_keep_a_property_of_that_name(folder: Path) -> None:
    schema = {
        "type": "object",
        "description": "prose",
        "properties": {"description": {"type": "string", "description": "prose"}, "spec": {"description": "prose"}},
    }
    document = custom_kinds.permissive_definition(custom_kinds.CustomKind("x.org", "v1", "Thing", "things"))
    document["spec"]["versions"][0]["schema"]["openAPIV3Schema"] = schema
    (folder / "crds").mkdir()
    (folder / "crds" / "things.yaml").write_text(yaml.safe_dump_all([document, {"kind": "ConfigMap"}]))
    found = upstream_crds.crds("volcano")
    assert found is not None
    assert not found.permissive
    assert found.source == "volcano/crds"
    (only,) = found.documents
    kept = only["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    assert kept == {"type": "object", "properties": {"description": {"type": "string"}, "spec": {}}}


def test_crds_come_from_the_go_module_that_is_built_when_no_folder_has_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REHEARSAL_UPSTREAM", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("GOMODCACHE", str(tmp_path / "mod"))
    upstream_crds._module_cache.cache_clear()
    without = upstream_crds.crds("volcano")
    assert without is not None
    assert without.permissive
    version = upstream_crds.pinned_version("volcano")
    for part, document in zip(("volcano", "jobflow"), without.documents, strict=False):
        bases = tmp_path / "mod" / "volcano.sh" / f"volcano@{version}" / "config" / "crd" / part / "bases"
        bases.mkdir(parents=True)
        (bases / "things.yaml").write_text(yaml.safe_dump(document))
    found = upstream_crds.crds("volcano")
    upstream_crds._module_cache.cache_clear()
    assert found is not None
    assert not found.permissive
    assert {item["metadata"]["name"] for item in found.documents} == {
        item["metadata"]["name"] for item in without.documents[:2]
    }
    assert found.source == f"Go module volcano.sh/volcano@{version}"


def test_upper_case_module_paths_are_found_as_go_stores_them() -> None:
    assert upstream_crds._escaped("github.com/NVIDIA/x") == "github.com/!n!v!i!d!i!a/x"


def test_a_chart_without_known_crds_brings_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REHEARSAL_UPSTREAM", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert upstream_crds.crds("unheard-of") is None


def test_every_chart_of_the_catalog_has_kinds_to_fall_back_on() -> None:
    assert {chart.name for chart in CHARTS.values()} <= set(custom_kinds.KINDS)


def test_a_map_that_templates_loop_over_takes_any_key(folder: Path) -> None:
    flags = folder.parent / "cluster-autoscaler"
    flags.mkdir()
    (flags / "values.yaml").write_text("extraArgs: {v: 4}\nimage: {tag: v1}\n")
    data = upstream.chart_data("cluster-autoscaler")
    assert data is not None
    assert charts.check_values(data, {"extraArgs": {"expander": "least-waste"}}) == []
    assert [found.path for found in charts.check_values(data, {"image": {"tga": "v2"}})] == ["image.tga"]


def test_a_value_that_only_the_charts_schema_names_exists(folder: Path) -> None:
    image = {"properties": {"digest": {"$ref": "#/$defs/digest"}}}
    schema = {"$ref": "#/$defs/all", "$defs": {"all": {"properties": {"image": image}}, "digest": {"type": "string"}}}
    (folder / "values.schema.json").write_text(json.dumps(schema))
    assert findings({"image": {"digest": "sha256:0"}}) == []
    assert findings({"image": {"digset": "sha256:0"}}) == [
        "image.digset: chart volcano 1.15.0 has no such value, so Helm would ignore it; the closest that exists is"
        " image.tag"
    ]


def test_a_chart_may_lie_in_a_folder_of_its_projects_name(folder: Path) -> None:
    project = folder.parent / "envoy-gateway"
    (project / "crds").mkdir(parents=True)
    (project / "values.yaml").write_text("deployment: {}\n")
    (project / "Chart.yaml").write_text("version: v0.0.0-latest\n")
    (folder.parent / "INDEX.yaml").write_text("components: {envoy-gateway: {version: v1.8.3}}\n")
    data = upstream.chart_data("gateway-helm")
    assert data is not None
    assert (data.version, data.values) == ("v1.8.3", {"deployment": {}})


def test_a_chart_gets_the_crds_that_it_brings_out_of_its_projects(folder: Path) -> None:
    names = ("inferenceservices", "servingruntimes", "localmodelcaches", "llminferenceservices")
    (folder.parent / "kserve" / "crds").mkdir(parents=True)
    for name in names:
        kind = {"kind": "CustomResourceDefinition", "metadata": {"name": f"{name}.serving.kserve.io"}}
        (folder.parent / "kserve" / "crds" / f"serving.kserve.io_{name}.yaml").write_text(yaml.safe_dump(kind))
    found = upstream_crds.crds("kserve-crd")
    assert found is not None
    assert {item["metadata"]["name"].partition(".")[0] for item in found.documents} == set(names[:2])


def test_gateway_kinds_come_from_both_projects(folder: Path) -> None:
    for place, name in (("envoy-gateway/crds", "envoyproxies"), ("gateway-api/crds", "gateways")):
        (folder.parent / place).mkdir(parents=True)
        kind = {"kind": "CustomResourceDefinition", "metadata": {"name": name}}
        (folder.parent / place / f"{name}.yaml").write_text(yaml.safe_dump(kind))
    found = upstream_crds.crds("gateway-helm")
    assert found is not None
    assert {item["metadata"]["name"] for item in found.documents} == {"envoyproxies", "gateways"}

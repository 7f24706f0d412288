"""Release records: Helm's encoding, and the answer that a release waits for."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

import pytest

from rehearsal import releases
from rehearsal.releases import Release

VOLCANO = Release("volcano", "volcano-system", "volcano", "1.15.0", {"basic": {"image_tag_version": "v1.15.0"}})


class FakeSecrets:
    """An API server that holds Secrets only."""

    def __init__(self, *secrets: dict[str, Any]) -> None:
        self.secrets = {(item["metadata"]["namespace"], item["metadata"]["name"]): item for item in secrets}

    def list_secrets(self, label_selector: str) -> list[dict[str, Any]]:
        key, value = label_selector.split("=")
        return [item for item in self.secrets.values() if item["metadata"].get("labels", {}).get(key) == value]

    def get_secret(self, namespace: str, name: str) -> dict[str, Any] | None:
        return self.secrets.get((namespace, name))

    def annotate_secret(self, namespace: str, name: str, annotations: Mapping[str, str]) -> None:
        self.secrets[namespace, name]["metadata"].setdefault("annotations", {}).update(annotations)


def test_a_record_reads_back_as_the_release_that_was_written() -> None:
    release = Release("r", "ns", "kyverno", "3.9.0", {"a": {"b": [1, 2.5, "x", None, True]}}, crds=("a.x", "b.x"))
    assert releases.parse(releases.record(release)) == release


def test_a_record_looks_like_helms_own() -> None:
    secret = releases.record(VOLCANO)
    assert secret["type"] == "helm.sh/release.v1"
    assert secret["metadata"]["name"] == "sh.helm.release.v1.volcano.v1"
    assert secret["metadata"]["labels"] == {"owner": "helm", "name": "volcano", "status": "deployed", "version": "1"}
    inner = base64.b64decode(base64.b64decode(secret["data"]["release"]))
    document = json.loads(gzip.decompress(inner))
    assert document["chart"]["metadata"]["version"] == "1.15.0"
    assert document["config"] == VOLCANO.values
    assert document["info"]["status"] == "deployed"


def test_equal_releases_give_equal_records_whatever_the_key_order() -> None:
    first = Release("r", "ns", "c", "1", {"a": 1, "b": {"c": 2, "d": 3}})
    second = Release("r", "ns", "c", "1", {"b": {"d": 3, "c": 2}, "a": 1})
    assert releases.record(first) == releases.record(second)
    assert first.digest == second.digest


def test_other_values_give_another_digest() -> None:
    assert releases.values_digest({"a": 1}) != releases.values_digest({"a": "1"})


@pytest.mark.parametrize("data", ["", "!!", base64.b64encode(b"e30").decode(), base64.b64encode(b"W10=").decode()])
def test_text_that_is_no_release_is_refused_by_name(data: str) -> None:
    secret = {"metadata": {"namespace": "ns", "name": "x"}, "data": {"release": data}}
    with pytest.raises(ValueError, match="Secret ns/x is not a readable Helm release record"):
        releases.parse(secret)


def test_listing_passes_over_other_secrets_and_broken_records() -> None:
    broken = releases.record(Release("broken", "ns", "c", "1")) | {"data": {"release": "?"}}
    other = {"type": "Opaque", "metadata": {"namespace": "ns", "name": "o", "labels": {"owner": "helm"}}}
    later = releases.record(Release("z", "b", "c", "1"))
    earlier = releases.record(Release("a", "b", "c", "1"))
    found = releases.list_releases(FakeSecrets(broken, other, later, earlier))
    assert [(item.namespace, item.name) for item in found] == [("b", "a"), ("b", "z")]


def test_an_answer_is_about_the_values_that_were_read() -> None:
    api = FakeSecrets(releases.record(VOLCANO))
    releases.acknowledge(api, VOLCANO, "ready")
    assert releases.wait_acknowledged(api, "volcano-system", "volcano", 0).controllers == "ready"


@pytest.mark.parametrize("answer", ["", "Ready", "failed", "none:"])
def test_an_answer_in_other_words_is_refused(answer: str) -> None:
    with pytest.raises(ValueError, match="'failed: <reason>'"):
        releases.acknowledge(FakeSecrets(releases.record(VOLCANO)), VOLCANO, answer)


def test_an_answer_about_older_values_does_not_count() -> None:
    api = FakeSecrets(releases.record(VOLCANO))
    releases.acknowledge(api, Release("volcano", "volcano-system", "volcano", "1.15.0", {"old": True}), "ready")
    with pytest.raises(TimeoutError, match="older values"):
        releases.wait_acknowledged(api, "volcano-system", "volcano", 0)


def test_waiting_without_anybody_to_answer_says_so() -> None:
    with pytest.raises(TimeoutError, match=r"within 0 s \(nobody has answered\).*supervisor"):
        releases.wait_acknowledged(FakeSecrets(releases.record(VOLCANO)), "volcano-system", "volcano", 0)


def test_waiting_for_a_record_that_was_removed_fails_at_once() -> None:
    with pytest.raises(LookupError, match="volcano-system/volcano was removed"):
        releases.wait_acknowledged(FakeSecrets(), "volcano-system", "volcano", 60)


def test_waiting_ends_when_it_is_cancelled() -> None:
    api = FakeSecrets(releases.record(VOLCANO))
    with pytest.raises(TimeoutError, match="cancelled"):
        releases.wait_acknowledged(api, "volcano-system", "volcano", 60, cancelled=lambda: True)

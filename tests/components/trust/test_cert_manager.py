"""cert-manager and the platform's own authority."""

from itertools import pairwise

from components.catalog.images import images_in
from components.trust.cert_manager import CertManager, authority_certificate, cert_manager_values
from tests.components.recorder import build

CUSTOM = "kubernetes:cert-manager.io/v1:"


def test_the_release_ends_only_when_the_webhook_answers() -> None:
    assert cert_manager_values("v1.20.3", 1, {}, {})["startupapicheck"]["enabled"] is True


def test_its_kinds_come_and_go_with_it() -> None:
    assert cert_manager_values("v1.20.3", 1, {}, {})["crds"] == {"enabled": True, "keep": False}


def test_a_lost_node_takes_no_part_of_it_down_where_there_are_two() -> None:
    values = cert_manager_values("v1.20.3", 2, {}, {})
    for part in (values, values["webhook"], values["cainjector"]):
        assert part["replicaCount"] == 2
        assert part["podDisruptionBudget"] == {"enabled": True}


def test_every_image_is_pinned_and_values_of_the_stack_file_come_last() -> None:
    values = cert_manager_values("v1.20.3", 1, {}, {"replicaCount": 3})
    assert not [image for image in images_in("cert-manager", values) if image.problem or not image.exact_tag]
    assert values["replicaCount"] == 3


def test_the_authority_is_made_step_by_step() -> None:
    graph = build(
        {},
        lambda: CertManager("c", {"version": "v1.20.3", "replicas": 1, "images_lock": {}, "values": {}}),
        read_outputs=("namespace",),
    )
    steps = [
        graph.one("kubernetes:helm.sh/v3:Release"),
        graph.one(f"{CUSTOM}ClusterIssuer", "c-self-signed"),
        graph.one(f"{CUSTOM}Certificate", "c-authority"),
        graph.one(f"{CUSTOM}ClusterIssuer", "c-issuer"),
    ]
    for earlier, later in pairwise(steps):
        assert earlier.urn in later.needs
    assert steps[2].inputs["metadata"]["annotations"] == {"pulumi.com/waitFor": "condition=Ready"}
    assert steps[3].inputs["spec"]["ca"]["secretName"] == authority_certificate()["secretName"]
    assert authority_certificate()["isCA"] is True

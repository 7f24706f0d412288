"""Block volumes: which disks, under which key, and tagged for billing."""

from components.storage.classes import azure_classes, ebs_classes, google_classes

SET = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Compute/diskEncryptionSets/disks"
TAGS = {"stack": "test", "platform": "multimodal"}


def test_aws_volumes_are_encrypted_under_the_clusters_key_and_tagged() -> None:
    assert ebs_classes("arn:key", TAGS)["platform-block"]["parameters"] == {
        "type": "gp3",
        "encrypted": "true",
        "kmsKeyId": "arn:key",
        "tagSpecification_1": "platform=multimodal",
        "tagSpecification_2": "stack=test",
    }


def test_machines_that_attach_no_persistent_disk_have_a_class_of_their_own() -> None:
    made = google_classes("pd-balanced", ["pd-balanced", "hyperdisk-balanced"], "key", TAGS)
    assert {name: found["parameters"]["type"] for name, found in made.items()} == {
        "platform-block": "pd-balanced",
        "platform-block-hyperdisk-balanced": "hyperdisk-balanced",
    }
    assert {found["parameters"]["disk-encryption-kms-key"] for found in made.values()} == {"key"}
    assert {found["parameters"]["labels"] for found in made.values()} == {"platform=multimodal,stack=test"}


def test_one_kind_of_disk_makes_one_class() -> None:
    assert set(google_classes("hyperdisk-balanced", ["hyperdisk-balanced"], "key", TAGS)) == {"platform-block"}


def skus(*zones: bool) -> dict[str, object]:
    return {name: found["parameters"]["skuName"] for name, found in azure_classes(zones, SET, TAGS).items()}


def test_azures_newer_disks_are_the_default_only_where_every_node_can_attach_them() -> None:
    assert skus(True, True) == {"platform-block": "PremiumV2_LRS"}
    assert skus(False, False) == {"platform-block": "Premium_LRS"}
    assert skus(True, False) == {"platform-block": "Premium_LRS", "platform-block-premium-v2": "PremiumV2_LRS"}


def test_azures_volumes_are_encrypted_under_the_clusters_key_whatever_their_kind() -> None:
    classes = azure_classes([True, False], SET, TAGS)
    assert [found["parameters"]["diskEncryptionSetID"] for found in classes.values()] == [SET, SET]


def test_azures_newer_disks_have_no_host_cache() -> None:
    assert azure_classes([True], SET, TAGS)["platform-block"]["parameters"]["cachingMode"] == "None"

"""Kubeconfigs that are written, and those that are found in files."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.cluster.kubeconfig import (
    KubeconfigError,
    eks_kubeconfig,
    gke_kubeconfig,
    kubeconfig_path,
    read_kubeconfig,
)


def document(**changes: Any) -> dict[str, Any]:
    return {
        "current-context": "a",
        "clusters": [
            {"name": "ca", "cluster": {"server": "https://a", "certificate-authority": "ca.crt"}},
            {"name": "cb", "cluster": {"server": "https://b"}},
        ],
        "users": [{"name": "u", "user": {"token": "secret"}}, {"name": "v", "user": {"token": "other"}}],
        "contexts": [
            {"name": "a", "context": {"cluster": "ca", "user": "u"}},
            {"name": "b", "context": {"cluster": "cb", "user": "u", "namespace": "n"}},
        ],
        **changes,
    }


def written(folder: Path, content: Any) -> Path:
    path = folder / "config"
    path.write_text(content if isinstance(content, str) else yaml.safe_dump(content))
    return path


@pytest.mark.parametrize(
    "text", [eks_kubeconfig("c", "https://x", "Q0E=", "us-east-1"), gke_kubeconfig("c", "x", "Q0E=")]
)
def test_a_cloud_kubeconfig_holds_a_plugin_and_no_token(text: str, tmp_path: Path) -> None:
    user = json.loads(text)["users"][0]["user"]
    assert list(user) == ["exec"]
    assert user["exec"]["apiVersion"] == "client.authentication.k8s.io/v1beta1"
    assert read_kubeconfig(written(tmp_path, text)).context == "c"


def test_the_current_context_is_taken(tmp_path: Path) -> None:
    found = read_kubeconfig(written(tmp_path, document()))
    assert (found.context, found.cluster) == ("a", "ca")


def test_a_chosen_context_is_all_that_is_kept(tmp_path: Path) -> None:
    found = read_kubeconfig(written(tmp_path, document()), "b")
    kept = json.loads(found.text)
    assert (found.context, found.cluster, kept["current-context"]) == ("b", "cb", "b")
    assert [entry["name"] for kind in ("clusters", "users", "contexts") for entry in kept[kind]] == ["cb", "u", "b"]
    assert "other" not in found.text
    assert kept["contexts"][0]["context"]["namespace"] == "n"


def test_paths_in_the_file_are_taken_from_its_folder(tmp_path: Path) -> None:
    kept = json.loads(read_kubeconfig(written(tmp_path, document())).text)
    assert kept["clusters"][0]["cluster"]["certificate-authority"] == str(tmp_path / "ca.crt")


@pytest.mark.parametrize(
    ("content", "context", "message"),
    [
        (document(), "z", "no context 'z'; it has a, b"),
        (document(**{"current-context": ""}), None, "no current context; it has a, b"),
        (document(contexts=[]), None, "no context 'a'; it has none"),
        (document(users=[]), None, "names user 'u', which is not in the file"),
        (document(clusters=None), None, "names cluster 'ca', which is not in the file"),
        ("a: [", None, "not YAML"),
        ("just text", None, "not a kubeconfig"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(content: Any, context: str | None, message: str, tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=message):
        read_kubeconfig(written(tmp_path, content), context)


def test_a_missing_file_says_what_to_set(tmp_path: Path) -> None:
    with pytest.raises(KubeconfigError, match=r"No such file or directory\. Set cluster\.kubeconfig or KUBECONFIG"):
        read_kubeconfig(tmp_path / "none")


def test_the_file_is_the_one_of_the_settings_then_the_environment_then_the_home_folder() -> None:
    assert kubeconfig_path("/a", {"KUBECONFIG": "/b"}) == Path("/a")
    assert kubeconfig_path(None, {"KUBECONFIG": "/b"}) == Path("/b")
    assert kubeconfig_path(None, {}) == Path("~/.kube/config").expanduser()


def test_several_files_in_the_environment_are_refused() -> None:
    with pytest.raises(KubeconfigError, match="names 2 files"):
        kubeconfig_path(None, {"KUBECONFIG": "/a:/b"})

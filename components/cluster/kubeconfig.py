"""Kubeconfigs: those of the clouds, with a credential plugin in the place of a token, and those found in files."""

import base64
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple, cast

import yaml


class KubeconfigError(ValueError):
    """A kubeconfig that cannot be used; the message says which, why, and what to do."""


class Kubeconfig(NamedTuple):
    """A kubeconfig with one context chosen."""

    text: str
    """JSON, which is also YAML. Paths in it are absolute."""

    context: str
    """The context in use."""

    cluster: str
    """The cluster's name in the file."""


_KUBELOGIN_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""Application id of the AKS Entra ID server, the same for every cluster (Azure/kubelogin documentation)."""


def exec_kubeconfig(name: str, server: str, ca: str, command: str, arguments: Sequence[str], install: str) -> str:
    """A kubeconfig whose tokens come from a credential plugin, so that it holds no secret that lives.

    Args:
        name: Cluster, context and user get it.
        server: URL of the Kubernetes API.
        ca: Certificate authority, PEM in base64.
        command: The plugin, looked up on PATH.
        arguments: Its arguments.
        install: What is shown when the plugin is missing.
    """
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": {"server": server, "certificate-authority-data": ca}}],
        "users": [
            {
                "name": name,
                "user": {
                    "exec": {
                        "apiVersion": "client.authentication.k8s.io/v1beta1",
                        "command": command,
                        "args": list(arguments),
                        "installHint": install,
                        "interactiveMode": "Never",
                        "provideClusterInfo": True,
                    }
                },
            }
        ],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return json.dumps(config, sort_keys=True)


def eks_kubeconfig(name: str, server: str, ca: str, region: str) -> str:
    """Kubeconfig of an EKS cluster; the AWS CLI gives the tokens."""
    arguments = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    return exec_kubeconfig(name, server, ca, "aws", arguments, "Install the AWS CLI, version 2.")


def gke_kubeconfig(name: str, address: str, ca: str) -> str:
    """Kubeconfig of a GKE cluster at IP `address`; Google's plugin gives the tokens."""
    hint = "Install it with: gcloud components install gke-gcloud-auth-plugin"
    return exec_kubeconfig(name, f"https://{address}", ca, "gke-gcloud-auth-plugin", [], hint)


def aks_kubeconfig(name: str, credentials: str) -> str:
    """Kubeconfig of an AKS cluster; kubelogin gives the tokens, from whoever is logged in to the Azure CLI.

    `credentials` is what the AKS API returns for a user: a kubeconfig in base64, of which only the address and the
    certificate authority are kept. Raises `KubeconfigError` when it has neither.
    """
    found = _document(base64.b64decode(credentials).decode(), f"credentials of AKS cluster {name}")
    try:
        cluster = found["clusters"][0]["cluster"]
        server, ca = str(cluster["server"]), str(cluster["certificate-authority-data"])
    except (KeyError, IndexError, TypeError):
        raise KubeconfigError(f"credentials of AKS cluster {name}: no cluster with a server and its CA in it") from None
    arguments = ["get-token", "--login", "azurecli", "--server-id", _KUBELOGIN_SERVER]
    return exec_kubeconfig(name, server, ca, "kubelogin", arguments, "Install kubelogin: az aks install-cli")


def kubeconfig_path(path: str | None, environment: Mapping[str, str] = os.environ) -> Path:
    """The kubeconfig file in use: `path`, else `$KUBECONFIG`, else `~/.kube/config`.

    Raises `KubeconfigError` when `$KUBECONFIG` names several files.
    """
    if path:
        return Path(path).expanduser()
    named = [entry for entry in environment.get("KUBECONFIG", "").split(os.pathsep) if entry]
    if len(named) > 1:
        raise KubeconfigError(
            f"KUBECONFIG names {len(named)} files ({', '.join(named)}); set cluster.kubeconfig to the one that is meant"
        )
    return Path(named[0] if named else "~/.kube/config").expanduser()


def read_kubeconfig(path: Path, context: str | None = None) -> Kubeconfig:
    """The kubeconfig at `path` with `context` (default: its current one) made the current one.

    Raises `KubeconfigError` when there is no such file, it is no kubeconfig, or it lacks the context.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise KubeconfigError(
            f"kubeconfig {path}: {reason}. Set cluster.kubeconfig or KUBECONFIG to the file of the cluster"
        ) from None
    document = _document(text, f"kubeconfig {path}")
    contexts = _named(document, "contexts", "context")
    chosen = context or str(document.get("current-context") or "")
    if chosen not in contexts:
        has = ", ".join(sorted(contexts)) or "none"
        wanted = f"no context {chosen!r}" if chosen else "no current context"
        raise KubeconfigError(f"kubeconfig {path}: {wanted}; it has {has}. Set cluster.context to one of them")
    clusters, users = _named(document, "clusters", "cluster"), _named(document, "users", "user")
    cluster, user = str(contexts[chosen].get("cluster")), str(contexts[chosen].get("user"))
    for kind, name, known in (("cluster", cluster, clusters), ("user", user, users)):
        if name not in known:
            raise KubeconfigError(
                f"kubeconfig {path}: context {chosen!r} names {kind} {name!r}, which is not in the file"
            )
    folder = path.parent.absolute()
    config: dict[str, Any] = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": cluster, "cluster": _absolute(clusters[cluster], folder)}],
        "users": [{"name": user, "user": _absolute(users[user], folder)}],
        "contexts": [{"name": chosen, "context": contexts[chosen]}],
        "current-context": chosen,
    }
    return Kubeconfig(json.dumps(config, sort_keys=True), chosen, cluster)


def _document(text: str, what: str) -> dict[str, Any]:
    try:
        found: object = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise KubeconfigError(f"{what}: not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(found, dict):
        raise KubeconfigError(f"{what}: not a kubeconfig; expected a mapping with clusters, users and contexts")
    return cast("dict[str, Any]", found)


def _named(document: Mapping[str, Any], plural: str, singular: str) -> dict[str, dict[str, Any]]:
    """The entries of one of the three lists, by name."""
    entries: list[dict[str, Any]] = document.get(plural) or []
    return {str(entry["name"]): entry.get(singular) or {} for entry in entries if "name" in entry}


_FILES = ("certificate-authority", "client-certificate", "client-key", "tokenFile")
"""Settings that hold a path, which a kubeconfig takes relative to its own folder (kubectl documentation)."""


def _absolute(entry: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """`entry` with its paths made absolute: the provider gets text and no longer knows the folder."""
    return {key: str(folder / value) if key in _FILES and value else value for key, value in entry.items()}

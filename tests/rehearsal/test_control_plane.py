"""The embedded control plane: what others on the machine may see of it, and that it is a whole Kubernetes."""

import base64
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from rehearsal import fleet, layout, stages
from rehearsal.control_plane import kubeconfig, signing_key, write_private
from rehearsal.fleet import NodePool
from rehearsal.kube import Kube, KubeError
from rehearsal.layout import Layout
from rehearsal.processes import Process, environment, last_lines
from rehearsal.supervisor import Supervisor
from tests.rehearsal.cluster import Namespace, eventually, pod, pool_selector

LAYOUT = Layout(
    Path("/r/run"),
    Path("/r/logs"),
    Path("/r/kubeconfig"),
    4711,
    dict.fromkeys(["etcd", "kubernetes", "kwok"], Path("/t")),
)
PARTS = [
    part(LAYOUT) for part in (layout.etcd, layout.api_server, layout.controller_manager, layout.scheduler, layout.kwok)
]


@pytest.mark.parametrize("process", PARTS, ids=lambda process: process.name)
def test_no_part_listens_beyond_loopback(process: Process) -> None:
    listening = [part for part in process.argv if re.match(r"--(listen|bind|secure|advertise|health|metrics)", part)]
    for part in listening:
        value = part.partition("=")[2]
        assert value.startswith(("unix://", "127.0.0.1")) or part in ("--secure-port=0", "--secure-port=4711"), part
    if process.name == "kwok":
        assert listening == []


def test_a_signing_key_is_fresh_each_time() -> None:
    assert signing_key() != signing_key()
    assert signing_key().startswith("-----BEGIN EC PRIVATE KEY-----\n")


def test_private_files_are_readable_by_their_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("old, and open to all")
    path.chmod(0o644)
    write_private(path, "new")
    assert path.read_text() == "new"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_kubeconfig_is_read_back_and_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "kubeconfig"
    path.write_text(kubeconfig("https://127.0.0.1:1", "token", b"ca"))
    document = yaml.safe_load(path.read_text())
    assert base64.b64decode(document["clusters"][0]["cluster"]["certificate-authority-data"]) == b"ca"
    path.write_text("clusters: []")
    with pytest.raises(ValueError, match="is not the kubeconfig of an embedded control plane"):
        Kube.from_kubeconfig(path)


def test_children_get_no_credentials_and_no_proxy_of_ours() -> None:
    base = {"PATH": "/bin", "HOME": "/h", "AWS_SECRET_ACCESS_KEY": "s", "HTTPS_PROXY": "p"}
    env = environment(Process(name="x", argv=("x",), env={"A": "1"}), base)
    assert env == {"PATH": "/bin", "HOME": "/h", "GOGC": "50", "A": "1"}


def test_the_fatal_line_of_a_log_is_preferred_to_the_stack_below_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("I1 fine\nF1124 07:00:00 main.go:3] no such file\ngoroutine 1 [running]:\nmain.main()\n")
    assert last_lines(log) == "F1124 07:00:00 main.go:3] no such file"
    log.write_text("one\ntwo\n\n")
    assert last_lines(log) == "one | two"
    assert last_lines(tmp_path / "none") == ""


def test_every_stage_has_a_name_of_its_own_and_the_file_is_yaml() -> None:
    names = [stage["metadata"]["name"] for stage in stages.stages()]
    assert len(set(names)) == len(names)
    assert [one["metadata"]["name"] for one in yaml.safe_load_all(stages.configuration())] == names


@pytest.mark.control_plane
def test_secrets_are_private_and_not_on_any_command_line(control_plane: Supervisor) -> None:
    token = yaml.safe_load(control_plane.kubeconfig.read_text())["users"][0]["user"]["token"]
    assert stat.S_IMODE(control_plane.kubeconfig.stat().st_mode) == 0o600
    assert stat.S_IMODE((control_plane.folder / "run").stat().st_mode) == 0o700
    for pid in control_plane.status().processes.values():
        assert token.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()


@pytest.mark.control_plane
def test_the_api_server_knows_its_version_and_refuses_a_wrong_token(api: Kube, control_plane: Supervisor) -> None:
    assert api.request("GET", "/version")["gitVersion"] == "v1.35.4"
    cluster = yaml.safe_load(control_plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    stranger = Kube(cluster["server"], "guess", base64.b64decode(cluster["certificate-authority-data"]).decode())
    with pytest.raises(KubeError) as refused:
        stranger.get("/api/v1/namespaces/default/secrets")
    assert refused.value.status == 401


@pytest.mark.control_plane
def test_a_service_account_is_known_by_a_token_that_the_api_server_signed(
    api: Kube, namespace: Namespace, control_plane: Supervisor
) -> None:
    path = f"/api/v1/namespaces/{namespace.name}/serviceaccounts/default/token"
    token = api.create(path, {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
    cluster = yaml.safe_load(control_plane.kubeconfig.read_text())["clusters"][0]["cluster"]
    ca = base64.b64decode(cluster["certificate-authority-data"]).decode()
    account = Kube(cluster["server"], token["status"]["token"], ca)
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    user = account.create("/apis/authentication.k8s.io/v1/selfsubjectreviews", review)["status"]["userInfo"]
    assert user["username"] == f"system:serviceaccount:{namespace.name}:default"
    with pytest.raises(KubeError) as refused:
        account.get(namespace.pods_path)
    assert refused.value.status == 403


@pytest.mark.control_plane
def test_pods_run_until_deleted_unless_they_say_how_long(
    api: Kube, namespace: Namespace, unique: Callable[[str], str]
) -> None:
    pool = NodePool(name=unique("cpu"), machine="m", vcpu=8, memory_gib=32)
    fleet.ensure_pool(api, pool)
    place = {"nodeSelector": pool_selector(pool.name)}
    brief = pod("brief", {"cpu": "1"}, **place)
    brief["metadata"]["annotations"] = {"rehearsal.multimodal.dev/runtime": "1"}
    api.create(namespace.pods_path, brief)
    namespace.run("lasting", {"cpu": "1"}, **place)
    job = {"template": {"spec": {**pod("x", {"cpu": "1"}, **place)["spec"], "restartPolicy": "Never"}}}
    jobs = f"/apis/batch/v1/namespaces/{namespace.name}/jobs"
    api.create(jobs, {"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "job"}, "spec": job})

    eventually(lambda: namespace.phases() == {"Succeeded": 2, "Running": 1}, "two pods to end and one to stay")
    eventually(lambda: (api.get(f"{jobs}/job") or {})["status"].get("succeeded") == 1, "the job to be complete")
    fleet.remove_pool(api, pool.name)


@pytest.mark.control_plane
def test_a_pool_grows_shrinks_and_goes_with_its_pods(
    api: Kube, namespace: Namespace, unique: Callable[[str], str]
) -> None:
    pool = NodePool(name=unique("pool"), machine="m", vcpu=8, memory_gib=32)
    assert fleet.ensure_pool(api, pool, 3) == [f"{pool.name}-{number}" for number in range(3)]
    assert fleet.ensure_pool(api, pool, 1) == [f"{pool.name}-0"]
    assert [node["metadata"]["name"] for node in fleet.nodes(api, pool.name)] == [f"{pool.name}-0"]
    namespace.run("held", {"cpu": "1"}, nodeSelector=pool_selector(pool.name))
    eventually(lambda: namespace.phases() == {"Running": 1}, "the pod to run")
    assert fleet.remove_pool(api, pool.name) == 1
    eventually(lambda: not namespace.pods(), "the pod to go with its node", seconds=5)
    assert fleet.remove_pool(api, pool.name) == 0

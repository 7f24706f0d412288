"""The embedded control plane: a real etcd, API server, controller manager and scheduler, and kwok in place of kubelets.

Everything is thrown away when it stops. Only the API server listens on TCP, on loopback, behind TLS and a random token;
etcd has no door but a socket in a folder that only the user can enter.
"""

import base64
import csv
import io
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from rehearsal import processes, stages
from rehearsal.fleet import KWOK_ANNOTATION
from rehearsal.kube import Kube, KubeError
from rehearsal.processes import Child, Process, ProcessFailed

TOOLS = ("kubernetes", "etcd", "kwok")
"""Tools of `rehearsal.toolchain` that a control plane needs."""

READY_SECONDS = 60.0
"""How long a start may take; it takes about three seconds on an idle machine."""
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
# etcd insists on a host and a port even for a socket, whose file then has that name.
_STORAGE = "etcd:2379"
_PEERS = "etcd:2380"
_SERVICES = "10.96.0.0/16"
_PODS = "10.244.0.0/16"
_NODE_IP = "10.0.0.1"


@dataclass(frozen=True)
class Layout:
    """Where the parts of one control plane lie. Pure: nothing here touches the disk."""

    run: Path
    """Private, thrown away at the end. Also the working directory of etcd and the API server."""
    logs: Path
    kubeconfig: Path
    port: int
    """Port of the API server on 127.0.0.1."""
    tools: Mapping[str, Path]
    """Tool -> folder with its programs, from `toolchain.ensure`."""

    @property
    def server(self) -> str:
        """Address of the API server."""
        return f"https://127.0.0.1:{self.port}"

    @property
    def certificates(self) -> Path:
        """Where the API server writes the certificate that it makes for itself."""
        return self.run / "certificates"

    def program(self, tool: str, name: str) -> str:
        """Path of a program."""
        return str(self.tools[tool] / name)


def etcd(layout: Layout) -> Process:
    """Throw-away storage: no fsync. Sockets are relative to the working directory: their paths have a length limit."""
    return Process(
        name="etcd",
        argv=(
            layout.program("etcd", "etcd"),
            f"--data-dir={layout.run / 'etcd'}",
            f"--listen-client-urls=unix://{_STORAGE}",
            f"--advertise-client-urls=unix://{_STORAGE}",
            f"--listen-peer-urls=unix://{_PEERS}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        ),
        cwd=layout.run,
        memory_mib=192,
    )


def api_server(layout: Layout) -> Process:
    """The API server; it makes its own serving certificate and is known by no public name."""
    return Process(
        name="kube-apiserver",
        argv=(
            layout.program("kubernetes", "kube-apiserver"),
            f"--etcd-servers=unix://{_STORAGE}",
            "--bind-address=127.0.0.1",
            f"--secure-port={layout.port}",
            # Without these two it looks for an address of the host that others reach, which a laptop may not have.
            "--advertise-address=127.0.0.1",
            "--endpoint-reconciler-type=none",
            f"--cert-dir={layout.certificates}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={layout.run / 'service-account.key'}",
            f"--service-account-signing-key-file={layout.run / 'service-account.key'}",
            f"--token-auth-file={layout.run / 'tokens.csv'}",
            "--authorization-mode=RBAC",
            f"--service-cluster-ip-range={_SERVICES}",
            "--allow-privileged=true",
            "--profiling=false",
            "--v=0",
        ),
        cwd=layout.run,
        memory_mib=1200,
    )


def controller_manager(layout: Layout) -> Process:
    """The built-in controllers, one instance, so without leader election."""
    return Process(
        name="kube-controller-manager",
        argv=(
            layout.program("kubernetes", "kube-controller-manager"),
            f"--kubeconfig={layout.kubeconfig}",
            f"--service-account-private-key-file={layout.run / 'service-account.key'}",
            f"--root-ca-file={layout.certificates / 'apiserver.crt'}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
            "--v=0",
        ),
        memory_mib=256,
    )


def scheduler(layout: Layout) -> Process:
    """The default scheduler, for every pod that does not name another."""
    return Process(
        name="kube-scheduler",
        argv=(
            layout.program("kubernetes", "kube-scheduler"),
            f"--kubeconfig={layout.kubeconfig}",
            "--leader-elect=false",
            "--secure-port=0",
            "--kube-api-qps=200",
            "--kube-api-burst=400",
            "--profiling=false",
            "--v=0",
        ),
        memory_mib=192,
    )


def kwok(layout: Layout) -> Process:
    """The simulated kubelets; nodes without the annotation are left alone."""
    return Process(
        name="kwok",
        argv=(
            layout.program("kwok", "kwok"),
            f"--kubeconfig={layout.kubeconfig}",
            f"--config={layout.run / 'stages.yaml'}",
            "--manage-all-nodes=false",
            f"--manage-nodes-with-annotation-selector={KWOK_ANNOTATION}=fake",
            f"--cidr={_PODS}",
            f"--node-ip={_NODE_IP}",
            "--node-lease-duration-seconds=40",
            "--v=ERROR",
        ),
        memory_mib=128,
    )


def signing_key() -> str:
    """A fresh EC P-256 private key in PEM, with which service account tokens are signed.

    SEC 1 (RFC 5915) needs only the secret number; its reader derives the public half.
    """
    number = secrets.randbelow(_P256_ORDER - 1) + 1
    curve = bytes.fromhex("a00a06082a8648ce3d030107")
    body = bytes.fromhex("020101") + b"\x04\x20" + number.to_bytes(32, "big") + curve
    text = base64.encodebytes(b"\x30" + bytes([len(body)]) + body).decode()
    return f"-----BEGIN EC PRIVATE KEY-----\n{text}-----END EC PRIVATE KEY-----\n"


def kubeconfig(server: str, token: str, ca: bytes, name: str = "rehearsal") -> str:
    """A kubeconfig with one context."""
    cluster = {"server": server, "certificate-authority-data": base64.b64encode(ca).decode()}
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": cluster}],
            "users": [{"name": name, "user": {"token": token}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        },
        sort_keys=False,
    )


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, at no moment otherwise."""
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)
    path.write_text(text)


@dataclass
class ControlPlane:
    """One control plane's processes."""

    layout: Layout
    children: list[Child] = field(default_factory=list[Child])

    def start(self) -> Kube:
        """Start everything and wait until it serves; returns a client. The kubeconfig is written on the way.

        Raises:
            ProcessFailed: with the reason; what had started is left for `stop`.
        """
        layout = self.layout
        shutil.rmtree(layout.run, ignore_errors=True)
        layout.run.mkdir(parents=True, mode=0o700)
        token = secrets.token_urlsafe(32)
        line = io.StringIO()
        csv.writer(line).writerow([token, "rehearsal", "rehearsal", "system:masters"])
        write_private(layout.run / "tokens.csv", line.getvalue())
        write_private(layout.run / "service-account.key", signing_key())
        write_private(layout.run / "stages.yaml", stages.configuration())

        storage = self._launch(etcd(layout))
        processes.wait_until(
            (layout.run / _STORAGE).exists, "etcd", timeout=READY_SECONDS, interval=0.02, child=storage
        )
        server = self._launch(api_server(layout))
        certificate = layout.certificates / "apiserver.crt"
        processes.wait_until(
            lambda: certificate.exists() and (layout.certificates / "apiserver.key").exists(),
            "the API server's certificate",
            timeout=READY_SECONDS,
            child=server,
        )
        ca = certificate.read_bytes()
        write_private(layout.kubeconfig, kubeconfig(layout.server, token, ca))
        api = Kube(layout.server, token, ca.decode())
        processes.wait_until(lambda: _serves(api), "the API server", timeout=READY_SECONDS, child=server)
        for process in (controller_manager(layout), scheduler(layout), kwok(layout)):
            self._launch(process)
        processes.wait_until(
            # Pods need their namespace's service account, which the controller manager makes.
            lambda: api.get("/api/v1/namespaces/default/serviceaccounts/default") is not None,
            "the controller manager",
            timeout=READY_SECONDS,
            child=self.children[2],
        )
        self.check()
        return api

    def check(self) -> None:
        """Raise ProcessFailed when a process has ended: a control plane is whole or it is over."""
        for child in self.children:
            if not child.alive:
                raise ProcessFailed(child.obituary())

    def stop(self) -> None:
        """Stop in reverse order, clients before servers, within about six seconds. Idempotent; removes the state."""
        by_name = {child.process.name: child for child in self.children}
        for names, grace in ((("kwok", "kube-scheduler", "kube-controller-manager"), 2.0), (("kube-apiserver",), 2.0)):
            processes.stop([by_name[name] for name in names if name in by_name], grace=grace)
        processes.stop(self.children, grace=1.0)
        self.children.clear()
        self.layout.kubeconfig.unlink(missing_ok=True)
        shutil.rmtree(self.layout.run, ignore_errors=True)

    def _launch(self, process: Process) -> Child:
        child = processes.start(process, self.layout.logs)
        self.children.append(child)
        return child


def _serves(api: Kube) -> bool:
    try:
        api.request("GET", "/readyz")
    except KubeError:
        return False
    return True

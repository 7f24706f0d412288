"""The embedded control plane: a real etcd, API server, controller manager and scheduler, and kwok in place of kubelets.

Everything is thrown away when it stops. Only the API server listens on TCP, on loopback, behind TLS and a random token;
etcd has no door but a socket in a folder that only the user can enter.
"""

import base64
import csv
import io
import secrets
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from rehearsal import certificates, processes, stages
from rehearsal import layout as parts
from rehearsal.kube import Kube, KubeError
from rehearsal.layout import Layout
from rehearsal.processes import Child, Process, ProcessFailed

TOOLS = ("kubernetes", "etcd", "kwok")
"""Tools of `rehearsal.toolchain` that a control plane needs."""

READY_SECONDS = 60.0
"""How long a start may take; it takes about three seconds on an idle machine."""
_OWN_NAMESPACES = ("default", "kube-node-lease", "kube-public", "kube-system")
_P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


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
        pair = certificates.issue(parts.FRONT_PROXY)
        (layout.run / "front-proxy").mkdir()
        for name, content in (("ca.crt", pair.authority), ("tls.crt", pair.certificate), ("tls.key", pair.key)):
            write_private(layout.run / "front-proxy" / name, content)

        storage = self._launch(parts.etcd(layout))
        processes.wait_until(
            (layout.run / parts.STORAGE).exists, "etcd", timeout=READY_SECONDS, interval=0.02, child=storage
        )
        server = self._launch(parts.api_server(layout))
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
        for process in (parts.controller_manager(layout), parts.scheduler(layout), parts.kwok(layout)):
            self._launch(process)
        processes.wait_until(
            lambda: _furnished(api),
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


def _furnished(api: Kube) -> bool:
    """Whether each namespace of Kubernetes' own has what the controller manager gives to every namespace. Pods need it,
    and what comes later would look like something that a stack left behind."""
    return all(
        api.get(f"/api/v1/namespaces/{namespace}/{made}") is not None
        for namespace in _OWN_NAMESPACES
        for made in ("serviceaccounts/default", "configmaps/kube-root-ca.crt")
    )


def _serves(api: Kube) -> bool:
    try:
        api.request("GET", "/readyz")
    except KubeError:
        return False
    return True

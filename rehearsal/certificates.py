"""Certificates for what listens on loopback: authorities, and the key pairs that they vouch for."""

import datetime
import ipaddress
from dataclasses import dataclass
from typing import cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = datetime.timedelta(days=30)
"""Longer than any rehearsal; its control plane is thrown away with the certificates."""
SERVER, CLIENT = "server auth", "client auth"
"""What a certificate may be shown for, as cert-manager names it."""
LOOPBACK = ipaddress.IPv4Address("127.0.0.1")
_USAGES = {SERVER: ExtendedKeyUsageOID.SERVER_AUTH, CLIENT: ExtendedKeyUsageOID.CLIENT_AUTH}

_Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


@dataclass(frozen=True)
class Certificate:
    """A key pair and who vouches for it, all in PEM."""

    authority: str
    certificate: str
    """With those between it and the authority, if any."""
    key: str


@dataclass(frozen=True, kw_only=True)
class KeyKind:
    """What a private key is, and how it is written."""

    algorithm: str = "ECDSA"
    """ECDSA or RSA."""
    size: int = 256
    """256, 384 or 521 for ECDSA; bits for RSA."""
    encoding: str = "PKCS8"
    """PKCS8, or PKCS1: the older form, which is one of its own for each algorithm."""

    def make(self) -> _Key:
        """A fresh key."""
        if self.algorithm == "RSA":
            return rsa.generate_private_key(public_exponent=65537, key_size=self.size)
        return ec.generate_private_key({256: ec.SECP256R1(), 384: ec.SECP384R1(), 521: ec.SECP521R1()}[self.size])

    def write(self, key: _Key) -> str:
        """A key in PEM."""
        older = serialization.PrivateFormat.TraditionalOpenSSL
        form = older if self.encoding == "PKCS1" else serialization.PrivateFormat.PKCS8
        return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


_PLAIN = KeyKind()


@dataclass(frozen=True, kw_only=True)
class Request:
    """What a certificate is to say."""

    common_name: str = ""
    organizations: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    """DNS names."""
    addresses: tuple[ipaddress.IPv4Address, ...] = ()
    usages: frozenset[str] = frozenset({SERVER, CLIENT})
    is_authority: bool = False
    """Whether it may vouch for others."""
    life: datetime.timedelta = LIFE
    kind: KeyKind = _PLAIN


class Authority:
    """Who vouches for certificates: a throw-away one, or that of a certificate and key which exist."""

    def __init__(self, name: str, *, chain: str = "", key: str = "") -> None:
        """Make one, or take up one that exists.

        Args:
            name: Common name of a new one.
            chain: PEM of an existing one's certificate, and of those above it.
            key: PEM of its key.

        Raises:
            ValueError: when the PEM cannot be read.
        """
        if not chain:
            made = self_signed(Request(common_name=name, usages=frozenset(), is_authority=True))
            chain, key = made.certificate, made.key
        self._key = cast("_Key", serialization.load_pem_private_key(key.encode(), None))
        self._chain = x509.load_pem_x509_certificates(chain.encode())

    @property
    def certificate(self) -> str:
        """What clients trust, in PEM: the last of the chain."""
        return _pem(self._chain[-1])

    def sign(self, request: Request) -> Certificate:
        """A fresh key pair that it vouches for."""
        own = request.kind.make()
        leaf = _builder(request, self._chain[0].subject, own).sign(self._key, hashes.SHA256())
        between = [one for one in self._chain if one.subject != one.issuer]
        return Certificate(self.certificate, "".join(map(_pem, (leaf, *between))), request.kind.write(own))


def self_signed(request: Request) -> Certificate:
    """A fresh key pair that vouches for itself."""
    own = request.kind.make()
    made = _pem(_builder(request, _name(request), own).sign(own, hashes.SHA256()))
    return Certificate(made, made, request.kind.write(own))


def issue(*names: str) -> Certificate:
    """A fresh key pair for `127.0.0.1`, `localhost` and these DNS names, as server and as client.

    Its authority signs nothing else.

    Args:
        names: Further DNS names; the first of all is the subject.
    """
    dns = (*names, "localhost")
    return Authority("rehearsal authority").sign(Request(common_name=dns[0][:64], names=dns, addresses=(LOOPBACK,)))


def _builder(request: Request, issuer: x509.Name, key: _Key) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(request))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A clock that was set back a little since must not make it a certificate of tomorrow.
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + request.life)
        .add_extension(x509.BasicConstraints(ca=request.is_authority, path_length=None), critical=True)
    )
    alternatives = [*map(x509.DNSName, request.names), *map(x509.IPAddress, request.addresses)]
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    extended = [oid for usage, oid in _USAGES.items() if usage in request.usages]
    if extended:
        builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
    return builder


def _name(request: Request) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, one) for one in request.organizations]
    if request.common_name:
        parts.append(x509.NameAttribute(NameOID.COMMON_NAME, request.common_name))
    return x509.Name(parts)


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()

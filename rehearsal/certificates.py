"""Certificates for what listens on loopback: a throw-away authority and one key pair that it vouches for."""

import datetime
import ipaddress
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LIFE = datetime.timedelta(days=30)
"""Longer than any rehearsal; its control plane is thrown away with the certificates."""


@dataclass(frozen=True)
class Certificate:
    """A key pair and who vouches for it, all in PEM. The authority's own key is forgotten once it has signed."""

    authority: str
    certificate: str
    key: str


def issue(*names: str) -> Certificate:
    """A fresh key pair for `127.0.0.1`, `localhost` and these DNS names, as server and as client.

    Args:
        names: Further DNS names; the first of all is the subject.
    """
    now = datetime.datetime.now(datetime.UTC)
    signer, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority_name = _name("rehearsal authority")
    authority = (
        _builder(authority_name, authority_name, signer, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(signer, hashes.SHA256())
    )
    dns = (*names, "localhost")
    leaf = (
        _builder(_name(dns[0][:64]), authority_name, own, now)
        .add_extension(
            x509.SubjectAlternativeName([*map(x509.DNSName, dns), x509.IPAddress(ipaddress.IPv4Address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False
        )
        .sign(signer, hashes.SHA256())
    )
    key = own.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return Certificate(_pem(authority), _pem(leaf), key.decode())


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        # A clock that was set back a little since must not make it a certificate of tomorrow.
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + _LIFE)
    )


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()

"""Certificates of a rehearsal: chains that clients can check, and what a Certificate resource asks for."""

import datetime
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtensionOID

from rehearsal.certificates import LOOPBACK, Authority, Certificate, KeyKind, Request, issue, self_signed
from rehearsal.controllers.cert_manager import request

SERVER = Request(common_name="one", names=("kafka.svc", "*.brokers.svc"), addresses=(LOOPBACK,))


def leaf(pair: Certificate) -> x509.Certificate:
    return x509.load_pem_x509_certificates(pair.certificate.encode())[0]


def check(pair: Certificate, name: str) -> None:
    """Raises unless each certificate is signed by the next, the last by the authority, and the first has this name."""
    chain = x509.load_pem_x509_certificates(pair.certificate.encode())
    roots = x509.load_pem_x509_certificates(pair.authority.encode())
    for below, above in zip(chain, [*chain[1:], roots[-1]], strict=True):
        below.verify_directly_issued_by(above)
    names = leaf(pair).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert name in names.get_values_for_type(x509.DNSName)


def test_an_authority_signs_what_its_clients_can_check() -> None:
    authority = Authority("kafka-ca")
    pair = authority.sign(SERVER)
    check(pair, "*.brokers.svc")
    assert pair.authority == authority.certificate


def test_an_authority_that_exists_signs_for_it() -> None:
    root = self_signed(Request(common_name="root", usages=frozenset(), is_authority=True))
    again = Authority("", chain=root.certificate, key=root.key)
    pair = again.sign(SERVER)
    assert pair.authority == root.certificate
    check(pair, "kafka.svc")


def test_a_chain_carries_what_lies_between() -> None:
    root = Authority("root")
    between = root.sign(Request(common_name="between", usages=frozenset(), is_authority=True))
    pair = Authority("", chain=between.certificate + between.authority, key=between.key).sign(SERVER)
    assert pair.certificate.count("BEGIN CERTIFICATE") == 2
    assert pair.authority == root.certificate
    check(pair, "kafka.svc")


def test_the_authority_of_an_issued_pair_is_its_own() -> None:
    pair = issue("a.svc")
    check(pair, "a.svc")
    check(pair, "localhost")


@pytest.mark.parametrize(
    ("kind", "head"),
    [
        (KeyKind(), "-----BEGIN PRIVATE KEY-----"),
        (KeyKind(encoding="PKCS1"), "-----BEGIN EC PRIVATE KEY-----"),
        (KeyKind(algorithm="RSA", size=2048, encoding="PKCS1"), "-----BEGIN RSA PRIVATE KEY-----"),
    ],
)
def test_a_key_is_written_as_it_was_asked_for(kind: KeyKind, head: str) -> None:
    assert Authority("ca").sign(Request(common_name="a", kind=kind)).key.startswith(head)


def asked(**spec: Any) -> Request:
    return request({"secretName": "s", "issuerRef": {"name": "i"}, **spec})


def test_a_certificate_resource_has_cert_managers_defaults() -> None:
    wanted = asked(commonName="acme.client")
    assert (wanted.common_name, wanted.names, wanted.addresses) == ("acme.client", (), ())
    assert wanted.kind == KeyKind(algorithm="RSA", size=2048, encoding="PKCS1")
    assert wanted.life == datetime.timedelta(days=90)
    assert wanted.usages == frozenset()
    key = load_pem_private_key(Authority("ca").sign(wanted).key.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)


def test_a_server_is_also_known_on_loopback() -> None:
    wanted = asked(dnsNames=["a.svc"], usages=["server auth"])
    assert (wanted.names, wanted.addresses) == (("a.svc", "localhost"), (LOOPBACK,))
    extensions = leaf(Authority("ca").sign(wanted)).extensions
    usages = extensions.get_extension_for_oid(ExtensionOID.EXTENDED_KEY_USAGE).value
    assert [one._name for one in usages] == ["serverAuth"]


def test_what_a_certificate_resource_says_is_in_the_certificate() -> None:
    wanted = asked(
        commonName="a",
        subject={"organizations": ["acme"]},
        isCA=True,
        duration="1h30m",
        privateKey={"algorithm": "ECDSA", "size": 384, "encoding": "PKCS8"},
    )
    found = leaf(self_signed(wanted))
    assert found.subject.rfc4514_string() == "CN=a,O=acme"
    assert found.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is True
    left = found.not_valid_after_utc - datetime.datetime.now(datetime.UTC)
    assert datetime.timedelta(minutes=89) < left <= datetime.timedelta(minutes=90)

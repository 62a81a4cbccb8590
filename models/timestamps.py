"""Time stamps of outside authorities (RFC 3161): making questions, checking answers, all offline."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256

from asn1crypto import cms, tsp
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID
from rfc3161_client import VerificationError, VerifierBuilder, decode_timestamp_response
from rfc3161_client.tsp import PKIStatus

from models.enums import SealKind
from models.errors import SaqshyError
from models.evidence import Seal

WANTED_AUTHORITIES = 2


class BadStamp(SaqshyError):
    """An answer is no time stamp of this authority over these bytes."""


@dataclass(frozen=True)
class Question:
    """What is sent to an authority; ``nonce`` must come back."""

    der: bytes
    nonce: int


def stamped_sha256(seal: Seal) -> str:
    """SHA-256 of what a seal has stamped: an item's file itself, else the 32 bytes of the root."""
    if seal.kind is SealKind.ITEM:
        return seal.root_sha256
    return sha256(bytes.fromhex(seal.root_sha256)).hexdigest()


def ask_about(digest: str) -> Question:
    """A question for a stamp over a SHA-256 in hex, certificates wanted; it needs no bytes."""
    nonce = secrets.randbits(63)
    imprint = {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": bytes.fromhex(digest)}
    request = tsp.TimeStampReq(
        {"version": "v1", "message_imprint": imprint, "nonce": nonce, "cert_req": True}
    )
    return Question(request.dump(), nonce)


def check_stamp(response: bytes, digest: str, roots_pem: str, *, nonce: int | None = None) -> datetime:
    """Check an answer and its chain of certificates at the time it names.

    Args:
        response: the answer, DER.
        digest: SHA-256 that it must be over, hex.
        roots_pem: certificates that the chain must end at, intermediate ones too where
            the answer holds none.
        nonce: of the question, when the answer is fresh.

    Returns:
        When the authority saw the digest.

    Raises:
        BadStamp: refused, of other bytes, not signed by this authority, or by a
            certificate that was not valid then or is not for time stamps.
    """
    try:
        roots = x509.load_pem_x509_certificates(roots_pem.encode())
        answer = decode_timestamp_response(_in_order(response))
        if PKIStatus(answer.status) is not PKIStatus.GRANTED:
            raise BadStamp(f"The authority refused: {' '.join(answer.status_string)[:100]}")
        _check_signer(_signer_of(answer.signed_data.certificates), roots)
        VerifierBuilder(roots=roots, nonce=nonce).build().verify(answer, bytes.fromhex(digest))
        at = answer.tst_info.gen_time
    except (VerificationError, ValueError, TypeError, KeyError) as error:
        raise BadStamp(f"The time stamp does not hold: {error}") from error
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _in_order(response: bytes) -> bytes:
    """The answer with its certificates in the order of DER, which openssl and many authorities do not keep.

    No signature covers that order; the decoder refuses any other.
    """
    answer = tsp.TimeStampResp.load(response)
    if not answer["time_stamp_token"].native:
        return response
    signed = answer["time_stamp_token"]["content"]
    signed["certificates"] = cms.CertificateSet(sorted(signed["certificates"], key=lambda one: one.dump()))
    ordered: bytes = answer.dump()
    return ordered


def _signer_of(certificates: set[bytes]) -> x509.Certificate | None:
    """The certificate of the answer that is for time stamps, in whatever order they stand."""
    for der in certificates:
        certificate = x509.load_der_x509_certificate(der)
        try:
            usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            continue
        if ExtendedKeyUsageOID.TIME_STAMPING in usage:
            return certificate
    return None


def _check_signer(signer: x509.Certificate | None, roots: Sequence[x509.Certificate]) -> None:
    """A signer that vouches for itself is no authority, even where its certificate is among the roots."""
    if signer is not None and signer.issuer == signer.subject:
        raise BadStamp("The time stamp is signed by a certificate that vouches for itself.")
    if not roots:
        raise BadStamp("There is no certificate to check the time stamp against.")

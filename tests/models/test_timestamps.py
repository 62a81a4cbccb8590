"""Time stamps are checked offline: chain, time of the chain, usage, bytes. Answers are made by openssl."""

from hashlib import sha256
from pathlib import Path

import pytest

from models.timestamps import BadStamp, ask_about, check_stamp
from tests.servers.authority import USAGE, Signer, make_signer
from tests.servers.openssl import Issued, make_root, openssl

CONTENT = b"the bytes of a page"
DIGEST = sha256(CONTENT).hexdigest()


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    return make_signer(tmp_path_factory.mktemp("tsa"))


def test_a_stamp_holds_offline(signer: Signer) -> None:
    question = ask_about(DIGEST)
    answer = signer.stamp(question.der)
    at = check_stamp(answer, DIGEST, signer.roots.read_text(), nonce=question.nonce)
    assert at.tzinfo is not None
    with pytest.raises(BadStamp, match="Nonce"):
        check_stamp(answer, DIGEST, signer.roots.read_text(), nonce=question.nonce + 1)


def test_certificates_in_the_wrong_order_are_read(signer: Signer) -> None:
    turned = signer.folder / "turned.pem"
    parts = signer.chain.read_text().split("-----END CERTIFICATE-----\n")
    turned.write_text("-----END CERTIFICATE-----\n".join([parts[1], parts[0], ""]))
    answer = Signer(signer.folder, signer.own, turned, signer.roots).stamp(ask_about(DIGEST).der)
    check_stamp(answer, DIGEST, signer.roots.read_text())


def test_other_bytes_are_refused(signer: Signer) -> None:
    answer = signer.stamp(ask_about(DIGEST).der)
    with pytest.raises(BadStamp, match="Mismatch"):
        check_stamp(answer, sha256(b"other").hexdigest(), signer.roots.read_text())


def test_a_changed_answer_is_refused(signer: Signer) -> None:
    answer = bytearray(signer.stamp(ask_about(DIGEST).der))
    answer[-20] ^= 1
    with pytest.raises(BadStamp):
        check_stamp(bytes(answer), DIGEST, signer.roots.read_text())


def test_another_root_is_refused(signer: Signer, tmp_path: Path) -> None:
    answer = signer.stamp(ask_about(DIGEST).der)
    with pytest.raises(BadStamp):
        check_stamp(answer, DIGEST, make_root(tmp_path).certificate.read_text())


def test_a_self_signed_authority_is_refused(tmp_path: Path) -> None:
    openssl(
        "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "own.key", "-out", "own.pem",
        "-days", "30", "-subj", "/CN=Self", "-addext", "extendedKeyUsage=critical,timeStamping",
        "-addext", "keyUsage=critical,digitalSignature", folder=tmp_path,
    )  # fmt: skip
    own = Issued(tmp_path / "own.key", tmp_path / "own.pem")
    answer = Signer(tmp_path, own, own.certificate, own.certificate).stamp(ask_about(DIGEST).der)
    with pytest.raises(BadStamp, match="vouches for itself"):
        check_stamp(answer, DIGEST, own.certificate.read_text())


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    root = make_root(tmp_path)
    (tmp_path / "expired.ext").write_text(USAGE)
    openssl(
        "req", "-newkey", "rsa:2048", "-nodes", "-keyout", "expired.key", "-out", "expired.csr",
        "-subj", "/CN=Expired", folder=tmp_path,
    )  # fmt: skip
    (tmp_path / "index.txt").touch()
    (tmp_path / "ca.cnf").write_text(
        "[ca]\ndefault_ca=own\n[own]\ndatabase=index.txt\nnew_certs_dir=.\nserial=ca.srl\ndefault_md=sha256\n"
        "policy=any\n[any]\ncommonName=supplied\n"
    )
    openssl(
        "ca", "-batch", "-config", "ca.cnf", "-in", "expired.csr", "-out", "expired.pem", "-notext",
        "-cert", str(root.certificate), "-keyfile", str(root.key), "-extfile", "expired.ext",
        "-create_serial", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z", folder=tmp_path,
    )  # fmt: skip
    own = Issued(tmp_path / "expired.key", tmp_path / "expired.pem")
    answer = Signer(tmp_path, own, root.certificate, root.certificate).stamp(ask_about(DIGEST).der)
    with pytest.raises(BadStamp, match="expired"):
        check_stamp(answer, DIGEST, root.certificate.read_text())


def test_a_refusal_is_no_stamp(signer: Signer) -> None:
    with pytest.raises(BadStamp):
        check_stamp(signer.stamp(b"no question"), DIGEST, signer.roots.read_text())

import subprocess
from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from models.merkle import follow, pack_members, path_of, root_of, unpack_members

DIGESTS = st.lists(st.binary(min_size=32, max_size=32).map(bytes.hex), min_size=1, max_size=40)


@given(DIGESTS, st.data())
def test_every_path_leads_to_the_root(digests: list[str], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(digests) - 1))
    assert follow(digests[position], path_of(digests, position)) == root_of(digests)


@given(DIGESTS, st.data())
def test_another_leaf_has_another_root(digests: list[str], data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(digests) - 1))
    changed = digests.copy()
    changed[position] = sha256(bytes.fromhex(digests[position])).hexdigest()
    assert root_of(changed) != root_of(digests)


def test_a_leaf_is_no_node() -> None:
    left, right = ("11" * 32, "22" * 32)
    inner = bytes.fromhex(left + right)
    assert root_of([left, right]) != root_of([sha256(inner).hexdigest()])


def test_openssl_comes_to_the_same_leaf() -> None:
    digest = sha256(b"file").hexdigest()
    done = subprocess.run(
        ["openssl", "dgst", "-sha256", "-r"],
        input=b"\x00" + bytes.fromhex(digest),
        capture_output=True,
        check=True,
    )
    assert done.stdout.split()[0].decode() == root_of([digest])


def test_members_keep_their_order() -> None:
    members = [(7, "ab" * 32), (2**40, "00" * 32)]
    assert unpack_members(pack_members(members)) == members

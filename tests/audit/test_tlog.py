"""The tree is the one of RFC 6962, and a proof that was bent in any way is refused."""

from collections.abc import Callable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vault.audit.tlog import (
    EMPTY_ROOT,
    CompactRange,
    ProofRefused,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    subtree_of,
    verify_consistency,
    verify_inclusion,
)

# Inputs, roots and proofs of the Certificate Transparency reference code.
CT_ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
CT_ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
CT_INCLUSION_OF_0_IN_8 = [
    "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
]
CT_CONSISTENCY_OF_6_AND_8 = [
    "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
]

LEAVES = [leaf_hash(bytes((n,))) for n in range(70)]
SUBTREE = subtree_of(LEAVES)
ROOTS = [SUBTREE(0, size) for size in range(len(LEAVES) + 1)]
FOREIGN = leaf_hash(b"foreign")

Bend = Callable[[list[bytes]], list[bytes]]


def recursive_root(leaves: Sequence[bytes]) -> bytes:
    """The definition of RFC 6962, 2.1, word for word."""
    if len(leaves) < 2:
        return leaves[0] if leaves else EMPTY_ROOT
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return node_hash(recursive_root(leaves[:k]), recursive_root(leaves[k:]))


def bent(proof: list[bytes]) -> list[list[bytes]]:
    """Every way in which a proof may be bent a little."""
    flipped = [
        [*proof[:at], bytes((step[0] ^ 1,)) + step[1:], *proof[at + 1 :]]
        for at, step in enumerate(proof)
    ]
    without = [[*proof[:at], *proof[at + 1 :]] for at in range(len(proof))]
    short = [[*proof[:at], step[:-1], *proof[at + 1 :]] for at, step in enumerate(proof)]
    swapped = [
        [*proof[:at], second, first, *proof[at + 2 :]]
        for at, (first, second) in enumerate(pairwise(proof))
    ]
    return [*flipped, *without, *short, *swapped, [*proof, FOREIGN], [FOREIGN, *proof]]


def test_the_roots_are_those_of_certificate_transparency() -> None:
    tree = CompactRange()
    assert tree.root().hex() == CT_ROOTS[0]
    for size, entry in enumerate(CT_ENTRIES, start=1):
        tree = tree.extended([leaf_hash(entry)])
        assert (tree.size, tree.root().hex()) == (size, CT_ROOTS[size])


def test_the_proofs_are_those_of_certificate_transparency() -> None:
    subtree = subtree_of(list(map(leaf_hash, CT_ENTRIES)))
    assert [h.hex() for h in inclusion_proof(subtree, 0, 8)] == CT_INCLUSION_OF_0_IN_8
    assert [h.hex() for h in consistency_proof(subtree, 6, 8)] == CT_CONSISTENCY_OF_6_AND_8


@given(st.integers(0, 70), st.integers(0, 70))
def test_a_tree_is_the_same_however_it_was_appended_to(size: int, cut: int) -> None:
    at_once = CompactRange().extended(LEAVES[:size])
    in_two = CompactRange().extended(LEAVES[: min(cut, size)]).extended(LEAVES[cut:size])
    assert at_once == in_two
    assert at_once.root() == recursive_root(LEAVES[:size])
    assert len(at_once.hashes) == size.bit_count()


@given(st.integers(0, 70))
def test_a_compact_range_survives_its_encoding(size: int) -> None:
    tree = CompactRange().extended(LEAVES[:size])
    assert CompactRange.from_bytes(size, tree.to_bytes()) == tree


@pytest.mark.parametrize(
    ("size", "length"), [(3, 32), (3, 96), (4, 31), (4, 33), (0, 32), (-1, 32)]
)
def test_a_compact_range_of_another_size_is_refused(size: int, length: int) -> None:
    with pytest.raises(ValueError, match="not those of a tree of this size"):
        CompactRange.from_bytes(size, bytes(length))


@given(st.data())
def test_inclusion_of_every_leaf_is_proven_and_no_bent_proof_is_accepted(
    data: st.DataObject,
) -> None:
    size = data.draw(st.integers(1, 70))
    index = data.draw(st.integers(0, size - 1))
    leaf, root = LEAVES[index], ROOTS[size]
    proof = inclusion_proof(SUBTREE, index, size)
    verify_inclusion(leaf, index, size, proof, root)
    for other in bent(proof):
        with pytest.raises(ProofRefused):
            verify_inclusion(leaf, index, size, other, root)
    for place in {-1, index - 1, index + 1, size} - {index}:
        with pytest.raises(ProofRefused):
            verify_inclusion(leaf, place, size, proof, root)
    with pytest.raises(ProofRefused):
        verify_inclusion(FOREIGN, index, size, proof, root)
    with pytest.raises(ProofRefused):
        verify_inclusion(leaf, index, size, proof, FOREIGN)


def test_no_leaf_is_in_the_empty_tree() -> None:
    with pytest.raises(ProofRefused):
        verify_inclusion(LEAVES[0], 0, 0, [], EMPTY_ROOT)


@given(st.data())
def test_consistency_of_every_tree_with_its_past_is_proven_and_no_bent_proof_is_accepted(
    data: st.DataObject,
) -> None:
    size = data.draw(st.integers(0, 70))
    old_size = data.draw(st.integers(0, size))
    old_root, root = ROOTS[old_size], ROOTS[size]
    proof = consistency_proof(SUBTREE, old_size, size)
    verify_consistency(old_size, old_root, size, root, proof)
    for other in bent(proof):
        with pytest.raises(ProofRefused):
            verify_consistency(old_size, old_root, size, root, other)
    with pytest.raises(ProofRefused):
        verify_consistency(old_size, FOREIGN, size, root, proof)
    if old_size > 0 or size == 0:
        with pytest.raises(ProofRefused):
            verify_consistency(old_size, old_root, size, FOREIGN, proof)


def test_a_tree_does_not_begin_with_a_larger_one() -> None:
    for old_size, size in ((4, 3), (-1, 3)):
        with pytest.raises(ProofRefused):
            verify_consistency(old_size, ROOTS[4], size, ROOTS[3], [])


def test_a_rewritten_tree_has_no_proof_of_consistency_with_what_was_there() -> None:
    rewritten = subtree_of([FOREIGN, *LEAVES[1:]])
    for old_size in range(1, 20):
        with pytest.raises(ProofRefused):
            verify_consistency(
                old_size,
                ROOTS[old_size],
                20,
                rewritten(0, 20),
                consistency_proof(rewritten, old_size, 20),
            )


def test_nothing_is_no_proof() -> None:
    for old_size in (3, 4):
        with pytest.raises(ProofRefused):
            verify_consistency(old_size, ROOTS[old_size], 7, ROOTS[7], [])


def test_two_different_nothings_are_not_consistent() -> None:
    with pytest.raises(ProofRefused):
        verify_consistency(0, FOREIGN, 0, FOREIGN, [])

"""Merkle tree hashing and proofs exactly as RFC 6962 and RFC 9162 write them; pure."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    # Returns the root over the leaves from one index up to, and without, another.
    Subtree = Callable[[int, int], bytes]

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


class ProofRefused(Exception):
    """A proof does not show what it should. Not a VaultError: no caller of the vault sees it."""

    def __init__(self) -> None:
        super().__init__("The proof does not hold.")


def leaf_hash(entry: bytes) -> bytes:
    """Return the hash of an entry's leaf (RFC 6962, 2.1)."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right).digest()


@dataclass(frozen=True, slots=True)
class CompactRange:
    """What must be kept of a tree in order to append to it: one hash per set bit of its size.

    Attributes:
        size: Number of leaves.
        hashes: Roots of the perfect subtrees the leaves divide into, largest first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    @classmethod
    def from_bytes(cls, size: int, packed: bytes) -> Self:
        """Read what `to_bytes` wrote; ValueError if it is not of this size."""
        if size < 0 or len(packed) != size.bit_count() * HASH_SIZE:
            raise ValueError("The hashes are not those of a tree of this size.")
        starts = range(0, len(packed), HASH_SIZE)
        return cls(size, tuple(packed[start : start + HASH_SIZE] for start in starts))

    def to_bytes(self) -> bytes:
        """Return the hashes, one after the other; the size is kept beside them."""
        return b"".join(self.hashes)

    def extended(self, leaves: Iterable[bytes]) -> Self:
        """Return the range with further leaf hashes at its end."""
        size, stack = self.size, list(self.hashes)
        for leaf in leaves:
            node, carry = leaf, size
            while carry & 1:
                node = node_hash(stack.pop(), node)
                carry >>= 1
            stack.append(node)
            size += 1
        return type(self)(size, tuple(stack))

    def root(self) -> bytes:
        """Return the root hash of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in reversed(self.hashes[:-1]):
            root = node_hash(left, root)
        return root


def subtree_of(leaves: Sequence[bytes]) -> Subtree:
    """Return the subtrees of a tree whose leaf hashes are all at hand."""
    return lambda start, end: CompactRange().extended(leaves[start:end]).root()


def inclusion_proof(subtree: Subtree, index: int, size: int) -> list[bytes]:
    """Return the siblings from a leaf up to the root of a tree (RFC 6962, 2.1.1)."""
    assert 0 <= index < size
    start, end, downwards = 0, size, list[bytes]()
    while end - start > 1:
        middle = start + _left_size(end - start)
        if index < middle:
            downwards.append(subtree(middle, end))
            end = middle
        else:
            downwards.append(subtree(start, middle))
            start = middle
    return downwards[::-1]


def consistency_proof(subtree: Subtree, old_size: int, size: int) -> list[bytes]:
    """Return what shows that a tree begins with the whole of an older one (RFC 6962, 2.1.2)."""
    assert 0 <= old_size <= size
    if old_size in (0, size):
        return []
    start, end, downwards = 0, size, list[bytes]()
    while end != old_size:
        middle = start + _left_size(end - start)
        if old_size <= middle:
            downwards.append(subtree(middle, end))
            end = middle
        else:
            downwards.append(subtree(start, middle))
            start = middle
    # An old tree that is one perfect subtree needs no more: the verifier has its root.
    return [*([subtree(start, end)] if start else []), *reversed(downwards)]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> None:
    """Return if a leaf is at this index of the tree of this size and root (RFC 9162, 2.1.3.2).

    Raises:
        ProofRefused: The proof does not show it.
    """
    if not 0 <= index < size:
        raise ProofRefused
    path, last, node = index, size - 1, leaf
    for sibling in _hashes(proof):
        if last == 0:
            raise ProofRefused
        if path & 1 or path == last:
            node = node_hash(sibling, node)
            path, last = _up_right_edge(path, last)
        else:
            node = node_hash(node, sibling)
        path, last = path >> 1, last >> 1
    if last != 0 or node != root:
        raise ProofRefused


def verify_consistency(
    old_size: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]
) -> None:
    """Return if a tree begins with the whole of an older one (RFC 9162, 2.1.4.2).

    Raises:
        ProofRefused: The proof does not show it: what was there may have been rewritten.
    """
    if not 0 <= old_size <= size:
        raise ProofRefused
    if old_size in (0, size):
        known = EMPTY_ROOT if old_size == 0 else root
        if proof or old_root != known or (size == 0 and root != known):
            raise ProofRefused
        return
    # The root of a perfect old tree is a node of the new one, and is not sent.
    hashes = _hashes([old_root, *proof] if old_size.bit_count() == 1 else proof)
    if not hashes:
        raise ProofRefused
    path, last = old_size - 1, size - 1
    while path & 1:
        path, last = path >> 1, last >> 1
    old_node = node = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise ProofRefused
        if path & 1 or path == last:
            old_node, node = node_hash(sibling, old_node), node_hash(sibling, node)
            path, last = _up_right_edge(path, last)
        else:
            node = node_hash(node, sibling)
        path, last = path >> 1, last >> 1
    if last != 0 or old_node != old_root or node != root:
        raise ProofRefused


def _up_right_edge(path: int, last: int) -> tuple[int, int]:
    """Climb to where a node has a left sibling: on the right edge of a tree levels are missing."""
    while path and not path & 1:
        path, last = path >> 1, last >> 1
    return path, last


def _hashes(proof: Sequence[bytes]) -> Sequence[bytes]:
    if any(len(sibling) != HASH_SIZE for sibling in proof):
        raise ProofRefused
    return proof


def _left_size(size: int) -> int:
    """Return the largest power of two below a size."""
    return 1 << ((size - 1).bit_length() - 1)

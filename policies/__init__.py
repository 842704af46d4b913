"""The decision point: what an agreement means, with no storage, clock or network."""

"""`subrosa demo` does the main job on a sample case, shows who sees what, and serves it."""


def demo() -> None:
    """Do the main job on a sample case."""

"""The byte format: what is stored is unreadable, and anything but what was sealed is refused."""

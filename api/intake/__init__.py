"""Bodies become lazy streams here: bounded memory, no plaintext on disk, no endless waiting."""

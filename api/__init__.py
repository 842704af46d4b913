"""HTTP, command line and the composition of the vault from its settings."""

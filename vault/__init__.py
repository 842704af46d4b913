"""The core of the vault: what may happen to a record, and the record of what happened."""

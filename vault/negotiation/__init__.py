"""What the parties agree on: proposed, shown, compared, commented, signed, in force."""

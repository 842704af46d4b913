"""Content comes in: admitted, received, completed with a receipt, or removed."""

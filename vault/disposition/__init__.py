"""Documents and cases come to their end: held, or erased with a certificate."""

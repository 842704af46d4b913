"""Sealed objects are kept elsewhere, by somebody who is not trusted to be honest."""

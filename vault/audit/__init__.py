"""One log of every access and change, as a tree whose past cannot be changed unnoticed."""

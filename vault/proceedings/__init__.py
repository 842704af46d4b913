"""A case and its people: opened, seated, moved from phase to phase, told what they must know."""

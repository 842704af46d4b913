"""A sample case of a patient and a clinic can be played on any vault, over HTTP alone."""

"""Who is asking is established here, and becomes a Subject."""

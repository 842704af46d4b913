"""Every route asks for a Subject, calls one operation and describes its result."""

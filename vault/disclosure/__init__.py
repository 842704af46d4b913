"""What a seat may know of documents, and read: lists, releases, explanations, decisions."""

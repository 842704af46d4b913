"""Keys exist in clear in this process alone; whatever is stored of them is wrapped."""

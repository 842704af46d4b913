"""What goes in and out over HTTP, member by member, one file for each room of the API."""

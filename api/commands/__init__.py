"""What can be asked of Subrosa on the command line, room by room."""

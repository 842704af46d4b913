"""What happened is shown, decided anew and compared with what is stored."""

"""What each vendor is asked by a verification."""

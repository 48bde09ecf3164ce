"""What a network is, and the trained ones that ship."""

"""How fast this machine restores, and how fast it could: its limits, our engines, peers."""

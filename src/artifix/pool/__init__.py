"""A folder at any address restored by a pool of workers, on this machine or on a Ray cluster."""

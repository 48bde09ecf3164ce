"""Make a model: patches, losses, the loop, checkpoints and export."""

"""ComfyUI nodes: put this folder into ComfyUI/custom_nodes, and install artifix into ComfyUI's Python."""

from .nodes import RestoreCompression

NODE_CLASS_MAPPINGS = {"ArtifixRestore": RestoreCompression}
NODE_DISPLAY_NAME_MAPPINGS = {"ArtifixRestore": "Remove compression artifacts (artifix)"}

__all__ = ["NODE_CLASS_MAPPINGS", "NODE_DISPLAY_NAME_MAPPINGS"]

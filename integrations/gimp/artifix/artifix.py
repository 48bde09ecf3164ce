#!/usr/bin/env python3
"""GIMP 3: Filters > Enhance > Remove compression artifacts, by the command `artifix`.

Put the folder `artifix` into GIMP's folder of plug-ins; the file must be executable, and `artifix` on the PATH.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

import gi

gi.require_version("Gimp", "3.0")
from gi.repository import Gimp, Gio, GLib  # noqa: E402

PROCEDURE = "plug-in-artifix"


def command(source, target):
    """What restores a picture without loss; `--force`, since a layer's file says nothing of how it was compressed."""
    return ["artifix", "restore", str(source), "-o", str(target), "--force", "--quiet"]


def restore_layer(image, layer):
    """A new layer above `layer`, restored; GLib.Error, one line, where the command fails."""
    with tempfile.TemporaryDirectory(prefix="artifix-") as folder:
        source, target = Path(folder, "layer.png"), Path(folder, "restored.png")
        alone = Gimp.Image.new(layer.get_width(), layer.get_height(), image.get_base_type())
        alone.insert_layer(Gimp.Layer.new_from_drawable(layer, alone), None, 0)
        Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, alone, Gio.File.new_for_path(str(source)), None)
        alone.delete()
        try:
            subprocess.run(command(source, target), check=True, capture_output=True, text=True)
        except FileNotFoundError:
            raise GLib.Error("the command artifix is not on the PATH") from None
        except subprocess.CalledProcessError as error:
            raise GLib.Error(error.stderr.strip() or "artifix failed") from None
        restored = Gimp.file_load_layer(Gimp.RunMode.NONINTERACTIVE, image, Gio.File.new_for_path(str(target)))
    restored.set_name(f"{layer.get_name()} (artifix)")
    restored.set_offsets(*layer.get_offsets()[1:])
    image.insert_layer(restored, layer.get_parent(), image.get_item_position(layer))
    return restored


def run(procedure, run_mode, image, drawables, config, data):
    """What GIMP calls: a restored layer above each of the chosen ones, as one step to undo."""
    image.undo_group_start()
    try:
        for layer in drawables:
            restore_layer(image, layer)
    except GLib.Error as error:
        return procedure.new_return_values(Gimp.PDBStatusType.EXECUTION_ERROR, error)
    finally:
        image.undo_group_end()
    Gimp.displays_flush()
    return procedure.new_return_values(Gimp.PDBStatusType.SUCCESS, GLib.Error())


class Artifix(Gimp.PlugIn):
    """The plug-in, with its one procedure."""

    def do_query_procedures(self):
        """The names of its procedures."""
        return [PROCEDURE]

    def do_create_procedure(self, name):
        """The procedure, in the menu of filters."""
        procedure = Gimp.ImageProcedure.new(self, name, Gimp.PDBProcType.PLUGIN, run, None)
        procedure.set_image_types("RGB*, GRAY*")
        procedure.set_sensitivity_mask(Gimp.ProcedureSensitivityMask.DRAWABLE | Gimp.ProcedureSensitivityMask.DRAWABLES)
        procedure.set_menu_label("Remove compression artifacts")
        procedure.add_menu_path("<Image>/Filters/Enhance")
        procedure.set_documentation(
            "Removes compression artifacts", "With the command artifix, which must be installed", name
        )
        procedure.set_attribution("artifix", "Apache-2.0", "2026")
        return procedure


if __name__ == "__main__":
    Gimp.main(Artifix.__gtype__, sys.argv)

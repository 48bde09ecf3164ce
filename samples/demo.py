"""Restore the sample picture and lay before and after side by side, in the folder demo/."""

import sys
from pathlib import Path

import numpy as np

import artifix

SAMPLE = Path(__file__).parent / "astronaut.jpg"
CROP = slice(20, 276), slice(110, 366)  # the face and the flag, pixels
GAP = 8


def main(folder: Path) -> None:
    """Write NAME-restored.png and before-after.png into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    restored = folder / f"{SAMPLE.stem}-restored.png"
    record = artifix.Restorer().restore_file(SAMPLE, restored, overwrite=True)
    print(f"{SAMPLE.name} -> {restored} ({record.width}x{record.height}, {record.seconds:.1f} s)")
    before, after = (artifix.read_image(path)[CROP].repeat(2, axis=0).repeat(2, axis=1) for path in (SAMPLE, restored))
    gap = np.full((len(before), GAP, 3), 255, np.uint8)
    artifix.write_image(folder / "before-after.png", np.hstack([before, gap, after]), overwrite=True)
    print(f"before and after, twice the size: {folder / 'before-after.png'}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo"))

"""Pictures in rows, with labels, as one file: what the other examples show their results with (needs Pillow 10.1)."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont


def write_sheet(path, title, rows, columns=None, scale=3):
    """Writes rows of small pictures as one larger picture.

    Args:
        path: file to write, .png keeps every pixel.
        title: a line at the top.
        rows: pictures (count, height, width, channels) from 0 to 1 by the label of their row.
        columns: a label for each column; None for none.
        scale: how many pixels wide one pixel becomes. Nothing is smoothed: what is seen is what there is.
    """
    font, gap = ImageFont.load_default(14), 4
    pictures = {label: enlarged(row, scale) for label, row in rows.items()}
    height, width = next(iter(pictures.values())).shape[1:3]
    left = gap + int(max(font.getlength(label) for label in rows)) + 2 * gap
    top = 28 + (20 if columns else 0)
    across = max(len(row) for row in pictures.values()) * (width + gap)
    right = max(left + across, 2 * gap + int(font.getlength(title)))
    sheet = Image.new("RGB", (right, top + len(rows) * (height + gap)), "white")
    draw = ImageDraw.Draw(sheet)
    draw.text((gap, 6), title, "black", font)
    for j, label in enumerate(columns or ()):
        draw.text((left + j * (width + gap) + width // 2, top - 2 * gap), label, "black", font, anchor="ms")
    for i, (label, row) in enumerate(pictures.items()):
        y = top + i * (height + gap)
        draw.text((left - 2 * gap, y + height // 2), label, "black", font, anchor="rm")
        for j, picture in enumerate(row):
            sheet.paste(Image.fromarray(picture), (left + j * (width + gap), y))
    sheet.save(path)


def enlarged(pictures, scale):
    """Pictures from 0 to 1 as bytes in red, green and blue, each pixel ``scale`` times as wide and high."""
    pictures = np.rint(np.clip(pictures, 0, 1) * 255).astype("uint8")
    if pictures.shape[-1] == 1:
        pictures = np.repeat(pictures, 3, axis=-1)
    return pictures.repeat(scale, axis=1).repeat(scale, axis=2)

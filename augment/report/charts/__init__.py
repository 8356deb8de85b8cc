"""Charts as inline SVG: written by hand, so that they are small, byte-stable, selectable text, and follow the page's
colours in light, dark and print: its style sheet knows them by class names."""

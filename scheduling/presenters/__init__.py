"""Page shapes: what a template needs, in words and grid positions, computed from what queries read."""

"""Page shapes: words, looks and links. No rule and no reading."""

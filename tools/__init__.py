"""Developer tools: files here write committed files, and nothing at run time needs them."""

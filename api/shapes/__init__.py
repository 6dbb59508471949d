"""What requests and answers look like, one module for each kind of thing. No logic."""

"""What the graph is: a file a noun. A type wraps a value of the domain; what lies beyond it comes by the loaders."""

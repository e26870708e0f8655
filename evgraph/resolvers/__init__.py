"""How the graph is filled: queries, mutations, subscriptions, and the loaders that types read from."""

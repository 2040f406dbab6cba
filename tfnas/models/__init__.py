"""Models of architectures: one folder a model. Importing this imports none of them."""

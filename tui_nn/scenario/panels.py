"""The panels that a script line may `show`, and the microscopes among them. Loader, transcript and screen take them from here."""

# In the order of the tabs.
MICROSCOPES = ("activations", "gradients", "weights", "optimizer", "data", "landscape", "graph")
PANELS = ("program", "layers", *MICROSCOPES, "curves", "lesson")

"""The panels that a script line may `show`, and the microscopes among them. Loader, transcript and screen take them from here."""

# In the order of the tabs.
MICROSCOPES = ("activations", "gradients", "weights", "optimizer", "data", "landscape", "graph")
PANELS = ("program", "layers", *MICROSCOPES, "curves", "lesson")
# The views of a microscope that are shown by name, like "optimizer: by hand"; in the order in which v goes through them.
VIEWS = {
    "activations": ("map", "histogram", "units", "batch norm", "dropout mask", "feature maps", "gates"),
    "gradients": ("over depth", "error over time", "gradient over time", "histogram", "over steps"),
    "weights": ("map", "histogram", "change", "fields"),
    "optimizer": ("maps", "sum", "by hand", "spread", "gauge"),
}
SHOWN_VIEWS = tuple(f"{name}: {view}" for name, views in VIEWS.items() for view in views)

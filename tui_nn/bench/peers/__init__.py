"""The sides that are timed beside ours. Plain scripts for any Python that has NumPy and the library: nothing of tui_nn."""

"""`tui-nn bench`: the time of one training iteration beside other libraries, and how it grows with the network."""

"""The tables of a scenario file, one file a family. `scenario.model` puts them together."""

"""vschaos2: a folder of recordings becomes an instrument that plays in Max and PureData."""

__version__ = "0.2.0"

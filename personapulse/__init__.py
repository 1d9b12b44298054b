"""PersonaPulse: who a shop's customers are and what they will do next."""

__version__ = "0.1.0"

"""The page docs/configuration.md: every setting there is, read from the code that reads it (`make docs`)."""

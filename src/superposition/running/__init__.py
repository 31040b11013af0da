"""Where work runs and what it leaves: executors and records. Knows no model."""

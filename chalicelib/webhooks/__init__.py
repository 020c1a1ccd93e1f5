"""The way out for webhooks: how they are signed, and how one is sent to its receiver."""

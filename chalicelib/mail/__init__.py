"""The way out for mail: what it says, and how it is sent."""

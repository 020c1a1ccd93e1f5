"""The embedded engine: DynamoDB's operations, as far as our store sends them, on SQLite in this process."""

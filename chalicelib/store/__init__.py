"""The only importer of pynamodb: tables, and one function for each atomic write or read."""

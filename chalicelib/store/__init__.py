"""What is stored, and alone imports pynamodb: tables, and one function for each atomic write or read."""

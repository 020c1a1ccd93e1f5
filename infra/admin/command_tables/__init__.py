"""What each command takes, as data: a module for each noun."""

"""What the adapters share: endpoint decorator, errors, signing, authentication, limits of size."""

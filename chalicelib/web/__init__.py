"""What the faces share: endpoint decorator, errors, signing, authentication, limits of size."""

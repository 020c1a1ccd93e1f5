"""A stage on AWS: what it is made of, how it is packaged, deployed, watched and taken down."""

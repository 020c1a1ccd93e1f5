"""Adapter: Management API v1, of a vendor's own servers. One module a resource; `routes` gathers them."""

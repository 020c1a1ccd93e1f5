"""The portal: pages and forms for license managers and license users."""

"""What is measured of proxies besides asking a judge: where an address is."""

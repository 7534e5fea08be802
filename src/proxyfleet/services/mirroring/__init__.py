"""Keeps an inventory and a sheet that people edit in step, both ways, by one written rule. Reaches neither by itself."""

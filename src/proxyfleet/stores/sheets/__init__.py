"""Google Sheets as a mirrored inventory and record of assignments, beside a store that keeps the claims. No services here.

What a sheet cannot promise: it decides no race, and two writers may hit the same cell; see docs/concepts/sheets.md.
"""

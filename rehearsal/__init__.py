"""Runs any stack on the real Pulumi engine without credentials. Nothing here is imported by the program itself."""

"""The four vendors: a module each, with a method for each operation of the vendor's API."""

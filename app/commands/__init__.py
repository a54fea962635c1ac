"""The commands of the command line, one module a noun; each calls only the Studio."""

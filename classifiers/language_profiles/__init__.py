"""How words of each language are built: everyday words and letter triples; see ``build``."""

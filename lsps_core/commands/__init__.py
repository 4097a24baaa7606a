"""One module a command of `lsps`: `add` gives the parser its arguments, a thin function runs it."""

// Empty, but there: only with an assembly file does the compiler accept functions that the linker finds elsewhere.

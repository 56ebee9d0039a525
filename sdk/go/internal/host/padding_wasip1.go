package host

// padding is how many bytes the arena has more, so that the program's data end where Go's heap may begin: the tool that
// builds scenarios puts another number here. See build/padding.go.
const padding = 0

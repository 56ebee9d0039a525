package host

// A scenario has a handful of different settings and sends each many times. So the host's handles for them are made
// once per virtual user and kept: from its second time on a request costs one call of the host.

// More than a sane scenario has. One that makes up names as it goes must not fill the host's tables.
const optionsKept = 64

var optionsMade = make(map[Settings]uint32)

// optionsFor returns the handle for the settings; false where the defaults will do.
func optionsFor(settings *Settings) (uint32, bool) {
	if *settings == (Settings{}) {
		return 0, false
	}
	handle, known := optionsMade[*settings]
	if !known {
		handle = makeOptions(settings)
		optionsMade[*settings] = handle
	}
	return handle, true
}

// makeRoomForOptions forgets all handles if that many new ones might be too many. Between it and the host's call no
// handle is dropped.
func makeRoomForOptions(count int) {
	if len(optionsMade)+count <= optionsKept {
		return
	}
	for settings, handle := range optionsMade {
		dropOptions(handle)
		delete(optionsMade, settings)
	}
}

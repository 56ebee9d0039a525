package host

// A scenario has a handful of different settings and sends each many times. So the host's handles for them are made
// once per virtual user and kept: from its second time on a request costs one call of the host.

// More than a sane scenario has. One that makes up names as it goes must not fill the host's tables.
const optionsKept = 64

var optionsMade = make(map[Settings]uint32)

// last are the latest settings, often those of the next request, too: comparing is faster than looking up.
var last struct {
	settings Settings
	handle   uint32
}

// optionsFor returns the handle for the settings; false if the defaults are enough.
func optionsFor(settings *Settings) (uint32, bool) {
	if *settings == (Settings{}) {
		return 0, false
	}
	if *settings == last.settings {
		return last.handle, true
	}
	handle, known := optionsMade[*settings]
	if !known {
		handle = makeOptions(settings)
		optionsMade[*settings] = handle
	}
	last.settings, last.handle = *settings, handle
	return handle, true
}

// makeRoomForOptions forgets all handles if that many new ones might be too many. Between it and the host's call no
// handle is dropped.
func makeRoomForOptions(count int) {
	if len(optionsMade)+count <= optionsKept {
		return
	}
	last.settings = Settings{}
	for settings, handle := range optionsMade {
		dropOptions(handle)
		delete(optionsMade, settings)
	}
}

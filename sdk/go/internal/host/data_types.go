package host

// Feed is the host's handle for a feed.
type Feed uint32

// Row is the host's handle for a row of a feed.
type Row uint32

// Blob is the host's handle for bytes that it holds. The host gives handles out again; the serial number it does not, so
// that settings which are alike mean the same bytes.
type Blob struct {
	Handle uint32
	Serial uint64
}

var blobsMade uint64

func newBlob(handle uint32) Blob {
	blobsMade++
	return Blob{Handle: handle, Serial: blobsMade}
}

package data

import (
	"io"
	"math"

	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Blob is bytes that the host holds: a file (--data video=file:video.mp4), or a field of a [Row], which is held until
// the iteration ends. http.BodyFrom sends them. It is an [io.ReaderAt].
type Blob struct {
	name   string
	handle host.Blob
	known  bool
	closed bool
}

// NewBlob is the file that the run was given under that name. Make it once, for the package.
func NewBlob(name string) *Blob { return &Blob{name: name} }

// Size returns the number of bytes.
func (blob *Blob) Size() (int64, error) {
	handle, err := blob.Held()
	if err != nil {
		return 0, err
	}
	return int64(handle.Length()), nil
}

// ReadAt copies the bytes from that offset on.
func (blob *Blob) ReadAt(into []byte, offset int64) (int, error) {
	handle, err := blob.Held()
	if err != nil {
		return 0, err
	}
	if offset < 0 {
		return 0, &Error{ErrOther, "bytes are counted from 0"}
	}
	count := copy(into, handle.Read(uint64(offset), uint32(min(int64(len(into)), math.MaxUint32))))
	if count < len(into) {
		return count, io.EOF
	}
	return count, nil
}

// Close drops a row's field before the iteration ends, for scenarios that take thousands of them. A file stays.
func (blob *Blob) Close() {
	if blob.name == "" && !blob.closed {
		blob.closed = true
		blob.handle.Drop()
	}
}

// Held is the host's handle, for package http.
func (blob *Blob) Held() (host.Blob, error) {
	if blob.closed {
		return host.Blob{}, &Error{ErrOther, "a row's field was let go of when its iteration ended: take it anew in each"}
	}
	if !blob.known {
		handle, failure := host.OpenBlob(blob.name)
		if failure != nil {
			return host.Blob{}, lift(failure)
		}
		blob.handle, blob.known = handle, true
	}
	return blob.handle, nil
}

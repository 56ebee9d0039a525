// Package greeter has the greeter's .proto file.
package greeter

import _ "embed"

// Proto is the text of greeter.proto.
//
//go:embed greeter.proto
var Proto string

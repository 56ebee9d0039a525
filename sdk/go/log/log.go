// Package log writes lines into the run's log. The host tags them with virtual user and flow.
package log

import (
	"fmt"

	"github.com/squall-load/squall/sdk/go/internal/host"
)

// Debugf is for the scenario's author. All of these format as fmt.Printf does.
func Debugf(format string, values ...any) { write(host.LevelDebug, format, values) }

// Infof is for useful information.
func Infof(format string, values ...any) { write(host.LevelInfo, format, values) }

// Warnf is for unexpected events without an effect on the run.
func Warnf(format string, values ...any) { write(host.LevelWarn, format, values) }

// Errorf is for errors. It ends nothing: to end an iteration, return an error.
func Errorf(format string, values ...any) { write(host.LevelError, format, values) }

func write(level uint8, format string, values []any) { host.Log(level, fmt.Sprintf(format, values...)) }

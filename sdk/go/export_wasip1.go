package squall

import (
	"unsafe"

	"github.com/squall-load/squall/sdk/go/internal/host"
	"github.com/squall-load/squall/sdk/go/internal/scenario"
)

// The component's exports, as the canonical ABI flattens them. Results lie in variables of the program, which stay
// where they are, and are read before the next call. The exports of setup, start and teardown are always there; the
// build tool declares those whose functions the scenario calls.

// result is a `result<_, string>` or a `result<list<u8>, string>`: whether it failed, and the address of the bytes.
type result struct{ failed, address, size uint32 }

// description is the contract's, as are its flows.
type description struct{ flows, flowCount, plan, planSize uint32 }

type flow struct{ name, nameSize, weight uint32 }

var (
	exported       result
	exportedBytes  []byte // keeps the bytes that exported points to
	described      description
	describedFlows []flow
)

//go:wasmexport describe
func exportDescribe() unsafe.Pointer {
	describedFlows = make([]flow, len(scenario.Flows))
	for i, each := range scenario.Flows {
		describedFlows[i] = flow{name: host.AddressOfText(each.Name), nameSize: uint32(len(each.Name)), weight: each.Weight}
	}
	described = description{
		flows:     uint32(uintptr(unsafe.Pointer(unsafe.SliceData(describedFlows)))),
		flowCount: uint32(len(describedFlows)),
		plan:      host.AddressOfText(scenario.Plan),
		planSize:  uint32(len(scenario.Plan)),
	}
	return unsafe.Pointer(&described)
}

//go:wasmexport run
func exportRun(flow uint32) unsafe.Pointer {
	err := scenario.Run(flow)
	scenario.Collect()
	return lower(nil, err)
}

//go:wasmexport squall:scenario/setup@0.1.0#setup
func exportSetup() unsafe.Pointer { return lower(scenario.RunSetup()) }

//go:wasmexport squall:scenario/start@0.1.0#start
func exportStart(shared, size uint32) unsafe.Pointer {
	return lower(nil, scenario.RunStart(host.Shared(shared, size)))
}

//go:wasmexport squall:scenario/teardown@0.1.0#teardown
func exportTeardown(shared, size uint32) {
	// The contract has no error here, so this traps, and the log has the reason.
	if err := scenario.RunTeardown(host.Shared(shared, size)); err != nil {
		host.Log(host.LevelError, err.Error())
		panic(err)
	}
}

// lower stores the result of an author's function for the host.
func lower(data []byte, err error) unsafe.Pointer {
	exportedBytes = data
	exported = result{}
	if err != nil {
		exportedBytes, exported.failed = []byte(err.Error()), 1
	}
	exported.address, exported.size = host.AddressOf(exportedBytes), uint32(len(exportedBytes))
	return unsafe.Pointer(&exported)
}

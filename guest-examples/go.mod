module github.com/squall-load/squall/guest-examples

go 1.24

require github.com/squall-load/squall/sdk/go v0.1.0

replace github.com/squall-load/squall/sdk/go => ../sdk/go

module github.com/squall-load/squall/sdk/go

go 1.24

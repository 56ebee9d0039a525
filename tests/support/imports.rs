//! Imports and functions of hostile components: declared once, in WebAssembly text.

use super::component::{COUNTING, Wat};

/// A component's imports from `context`, except for simple functions.
pub fn logging(guest: Wat) -> Wat {
    guest.importing_all(
        "squall:scenario/context@0.1.0",
        r#"(type $level' (enum "debug" "info" "warn" "error")) (export "level" (type $level (eq $level')))
           (export "log" (func (param "level" $level) (param "message" string)))
           (export "abort" (func (param "reason" string)))"#,
        &[("log", "log", "(param i32 i32 i32)"), ("abort", "abort", "(param i32 i32)")],
    )
}

/// A component's imports from `metrics`.
pub fn measuring(guest: Wat) -> Wat {
    guest.importing_all(
        "squall:scenario/metrics@0.1.0",
        r#"(export "counter" (type $counter (sub resource)))
           (export "[constructor]counter" (func (param "name" string) (result (own $counter))))
           (export "check" (func (param "name" string) (param "passed" bool)))"#,
        &[
            ("check", "check", "(param i32 i32 i32)"),
            ("[constructor]counter", "counter", "(param i32 i32) (result i32)"),
        ],
    )
}

/// A component's imports from `http`.
pub fn requesting(guest: Wat) -> Wat {
    guest.importing_all(
        "squall:scenario/http@0.1.0",
        r#"(export "request-options" (type $options (sub resource)))
           (export "response" (type $response (sub resource)))
           (type $request' (record (field "method" string) (field "url" string) (field "headers" (list (tuple string string)))
             (field "body" (option (list u8))) (field "options" (option (borrow $options)))))
           (export "request" (type $request (eq $request')))
           (type $error' (variant (case "timeout") (case "dns" string) (case "connect" string) (case "tls" string)
             (case "reset" string) (case "protocol" string) (case "too-large" string) (case "too-many-redirects" string)
             (case "refused-by-policy" string) (case "invalid-request" string) (case "other" string)))
           (export "error" (type $error (eq $error')))
           (export "[constructor]request-options" (func (result (own $options))))
           (export "[method]request-options.set-expected-statuses"
             (func (param "self" (borrow $options)) (param "ranges" (list (tuple u16 u16)))))
           (export "[method]request-options.set-replaced-cookies"
             (func (param "self" (borrow $options)) (param "names" (list string))))
           (export "[method]response.body" (func (param "self" (borrow $response)) (result (list u8))))
           (export "get" (func (param "url" string) (param "options" (option (borrow $options)))
             (result (result (own $response) (error $error)))))
           (export "send-all" (func (param "requests" (list $request))
             (result (list (result (own $response) (error $error))))))"#,
        &[
            ("[method]request-options.set-replaced-cookies", "replace", "(param i32 i32 i32)"),
            ("send-all", "send_all", "(param i32 i32 i32)"),
            ("get", "get", "(param i32 i32 i32 i32 i32)"),
            ("[method]response.body", "body", "(param i32 i32)"),
            ("[constructor]request-options", "options", "(result i32)"),
            ("[method]request-options.set-expected-statuses", "expect", "(param i32 i32 i32)"),
        ],
    )
    .with_functions(COUNTING)
    .with_functions(r#"(data (i32.const 700) "POST/")"#)
}

/// A component's imports from `streaming`, and those from `http`.
pub fn streaming(guest: Wat) -> Wat {
    requesting(guest)
        .declaring("(alias export $i_replace \"request-options\" (type $request-options))\n")
        .importing_all(
            "squall:scenario/streaming@0.1.0",
            r#"(alias outer 1 $request-options (type $options))
               (type $request' (record (field "method" string) (field "url" string)
                 (field "headers" (list (tuple string string))) (field "body" (option (list u8)))
                 (field "options" (option (borrow $options)))))
               (export "request" (type $request (eq $request')))
               (export "incoming" (type $incoming (sub resource)))
               (export "[static]incoming.start" (func (param "request" $request) (result (own $incoming))))"#,
            &[("[static]incoming.start", "start", "(param i32 i32 i32 i32 i32 i32 i32 i32 i32 i32 i32) (result i32)")],
        )
}

/// Starts a POST of `/`, whose response comes in pieces. The guest keeps it.
pub const START_STREAM: &str = "(drop (call $start (i32.const 700) (i32.const 4) (i32.const 704) (i32.const 1)
    (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))";

/// A component's import from `websocket`.
pub fn websockets(guest: Wat) -> Wat {
    guest
        .importing_all(
            "squall:scenario/websocket@0.1.0",
            r#"(export "connect-options" (type $options (sub resource)))
               (export "connection" (type $connection (sub resource)))
               (export "[static]connection.start"
                 (func (param "url" string) (param "options" (option (borrow $options))) (result (own $connection))))"#,
            &[("[static]connection.start", "connect", "(param i32 i32 i32 i32) (result i32)")],
        )
        .with_functions(COUNTING)
        .with_functions(r#"(data (i32.const 700) "/")"#)
}

/// Opens a WebSocket to `/`, without waiting. The guest keeps it.
pub const OPEN_WEBSOCKET: &str = "(drop (call $connect (i32.const 700) (i32.const 1) (i32.const 0) (i32.const 0)))";

/// A component's import from `sockets`.
pub fn sockets(guest: Wat) -> Wat {
    guest
        .importing_all(
            "squall:scenario/sockets@0.1.0",
            r#"(type $error' (variant (case "timeout") (case "dns" string) (case "connect" string) (case "tls" string)
                 (case "reset" string) (case "protocol" string) (case "too-large" string)
                 (case "too-many-redirects" string) (case "refused-by-policy" string)
                 (case "invalid-request" string) (case "other" string)))
               (export "error" (type $error (eq $error')))
               (export "udp" (type $udp (sub resource)))
               (export "[static]udp.open" (func (param "name" string) (param "address" string)
                 (result (result (own $udp) (error $error)))))"#,
            &[("[static]udp.open", "open_udp", "(param i32 i32 i32 i32 i32)")],
        )
        .with_functions(COUNTING)
        .with_functions(r#"(data (i32.const 750) "127.0.0.1:9")"#)
}

/// Opens a UDP socket. The guest keeps it.
pub const OPEN_UDP: &str =
    "(call $open_udp (i32.const 0) (i32.const 0) (i32.const 750) (i32.const 11) (i32.const 400))";

/// Begins a body of a `wasi:http` request and writes as much as allowed.
pub const UNSENT_BODY: &str = "
    (call $body (call $request (call $fields)) (i32.const 400))
    (call $write (i32.load (i32.const 404)) (i32.const 400))
    (global.set $stream (i32.load (i32.const 404)))
    (block $full (loop $more
        (call $check (global.get $stream) (i32.const 400))
        (br_if $full (i64.eqz (i64.load (i32.const 408))))
        (global.set $written (i64.add (global.get $written) (i64.load (i32.const 408))))
        (call $put (global.get $stream) (i32.const 0) (i32.wrap_i64 (i64.load (i32.const 408))) (i32.const 400))
        (br $more)))";

/// A guest that makes requests of `wasi:http`: it can call `$fields`, `$append`, `$request`, `$body`, `$write`, `$check` and `$put`.
pub fn with_wasi_http(run: &str) -> String {
    let types = r#"
      (import "wasi:io/error@0.2.0" (instance $errors (export "error" (type (sub resource)))))
      (alias export $errors "error" (type $io-error))
      (import "wasi:io/streams@0.2.0" (instance $streams
        (export "output-stream" (type $stream (sub resource)))
        (alias outer 1 $io-error (type $outer-error))
        (export "error" (type $error (eq $outer-error)))
        (type $stream-error' (variant (case "last-operation-failed" (own $error)) (case "closed")))
        (export "stream-error" (type $stream-error (eq $stream-error')))
        (export "[method]output-stream.check-write" (func (param "self" (borrow $stream))
          (result (result u64 (error $stream-error)))))
        (export "[method]output-stream.write" (func (param "self" (borrow $stream)) (param "contents" (list u8))
          (result (result (error $stream-error)))))))
      (alias export $streams "output-stream" (type $output-stream))
      (import "wasi:http/types@0.2.0" (instance $http
        (alias outer 1 $output-stream (type $outer-stream))
        (export "output-stream" (type $stream (eq $outer-stream)))
        (export "fields" (type $fields (sub resource)))
        (export "headers" (type $headers (eq $fields)))
        (export "outgoing-request" (type $request (sub resource)))
        (export "outgoing-body" (type $body (sub resource)))
        (export "[constructor]fields" (func (result (own $fields))))
        (type $error' (variant (case "invalid-syntax") (case "forbidden") (case "immutable")))
        (export "header-error" (type $error (eq $error')))
        (export "[method]fields.append" (func (param "self" (borrow $fields)) (param "name" string) (param "value" (list u8))
          (result (result (error $error)))))
        (export "[constructor]outgoing-request" (func (param "headers" (own $headers)) (result (own $request))))
        (export "[method]outgoing-request.body" (func (param "self" (borrow $request)) (result (result (own $body)))))
        (export "[method]outgoing-body.write" (func (param "self" (borrow $body)) (result (result (own $stream)))))))
      (core func $l-fields (canon lower (func $http "[constructor]fields")))
      (core func $l-append (canon lower (func $http "[method]fields.append") (memory $mem)))
      (core func $l-request (canon lower (func $http "[constructor]outgoing-request")))
      (core func $l-body (canon lower (func $http "[method]outgoing-request.body") (memory $mem)))
      (core func $l-write (canon lower (func $http "[method]outgoing-body.write") (memory $mem)))
      (core func $l-check (canon lower (func $streams "[method]output-stream.check-write") (memory $mem)))
      (core func $l-put (canon lower (func $streams "[method]output-stream.write") (memory $mem)))"#;
    let imports = r#"
      (import "wasi" "fields" (func $fields (result i32)))
      (import "wasi" "append" (func $append (param i32 i32 i32 i32 i32 i32)))
      (import "wasi" "request" (func $request (param i32) (result i32)))
      (import "wasi" "body" (func $body (param i32 i32)))
      (import "wasi" "write" (func $write (param i32 i32)))
      (import "wasi" "check" (func $check (param i32 i32)))
      (import "wasi" "put" (func $put (param i32 i32 i32 i32)))"#;
    let instance = r#"(with "wasi" (instance (export "fields" (func $l-fields)) (export "append" (func $l-append)) (export "request" (func $l-request))
        (export "body" (func $l-body)) (export "write" (func $l-write)) (export "check" (func $l-check)) (export "put" (func $l-put))))"#;
    let globals = "(global $stream (mut i32) (i32.const 0)) (global $written (mut i64) (i64.const 0))";
    let guest = Wat::new(run).with_functions(COUNTING).with_functions(globals);
    with_wasi(&guest, types, imports, instance)
}

/// A guest that imports from WASI: the component's part, the core module's, and the arguments of its instantiation.
pub fn with_wasi(guest: &Wat, types: &str, imports: &str, instance: &str) -> String {
    const MEMORY: &str = r#"(import "libc" "memory" (memory 1))"#;
    let text = guest.text().replace("(core module $guest", &format!("{types} (core module $guest"));
    text.replace(MEMORY, &format!("{MEMORY} {imports}")).replace(r#"(with "host" (instance ))"#, instance)
}

;; The least scenario without an SDK and without a compiler: what any language's compiler has to arrive at.
;;
;;     wasm-tools component embed ../../../wit --world scenario scenario.wat -o bare-wat.wasm
(module
  ;; send: func(request: request) -> result<response, error>
  ;; A record's fields are passed one by one; texts and lists as address and length; an option as a 0 or 1 before its value.
  ;; What does not fit into one number is returned in memory, at the address that is passed last.
  (import "squall:scenario/http@0.1.0" "send"
    (func $send (param $method i32) (param $method_length i32) (param $url i32) (param $url_length i32)
                (param $headers i32) (param $headers_count i32) (param $has_body i32) (param $body i32) (param $body_size i32)
                (param $has_options i32) (param $options i32) (param $result i32)))
  ;; A resource is a number; its methods take it first, and who has it drops it.
  (import "squall:scenario/http@0.1.0" "[method]response.status" (func $status (param i32) (result i32)))
  (import "squall:scenario/http@0.1.0" "[resource-drop]response" (func $drop_response (param i32)))
  (import "squall:scenario/metrics@0.1.0" "check" (func $check (param i32 i32 i32)))

  (memory (export "memory") 1)
  ;; The description: one flow at 16, and a plan of 0 bytes.
  (data (i32.const 0) "\10\00\00\00" "\01\00\00\00" "\00\00\00\00" "\00\00\00\00")
  ;; The flow: its name of 4 bytes at 32, and its weight.
  (data (i32.const 16) "\20\00\00\00" "\04\00\00\00" "\01\00\00\00")
  (data (i32.const 32) "home")
  (data (i32.const 36) "GET")
  (data (i32.const 39) "/")
  (data (i32.const 40) "status is 200")
  (data (i32.const 53) "there is no response")
  ;; 80: what send returns (16 bytes). 96: what run returns (12 bytes). From 128: what the host hands over.
  (global $free (mut i32) (i32.const 128))

  ;; The host asks for room when it has a text or a list to hand over. Each iteration begins anew.
  (func (export "cabi_realloc") (param $old i32) (param $old_size i32) (param $align i32) (param $size i32) (result i32)
    (local $address i32)
    (local.set $address
      (i32.and (i32.add (global.get $free) (i32.sub (local.get $align) (i32.const 1)))
               (i32.sub (i32.const 0) (local.get $align))))
    (global.set $free (i32.add (local.get $address) (local.get $size)))
    (local.get $address))

  ;; describe: func() -> description
  (func (export "describe") (result i32) (i32.const 0))

  ;; run: func(flow: u32) -> result<_, string>
  (func (export "run") (param $flow i32) (result i32)
    (local $response i32)
    (global.set $free (i32.const 128))
    (call $send (i32.const 36) (i32.const 3) (i32.const 39) (i32.const 1)
                (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const 0) (i32.const 80))
    ;; A result begins with a byte: 0 is good. Then, at a multiple of 4, the response, or the error.
    (if (i32.load8_u (i32.const 80))
      (then
        (i32.store8 (i32.const 96) (i32.const 1))
        (i32.store (i32.const 100) (i32.const 53))
        (i32.store (i32.const 104) (i32.const 20)))
      (else
        (i32.store8 (i32.const 96) (i32.const 0))
        (local.set $response (i32.load (i32.const 84)))
        (call $check (i32.const 40) (i32.const 13)
                     (i32.eq (call $status (local.get $response)) (i32.const 200)))
        (call $drop_response (local.get $response))))
    (i32.const 96)))

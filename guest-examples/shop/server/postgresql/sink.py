"""A receiver of traces for check.py: OTLP over HTTP in protobuf, kept in memory, and printed as trees."""

import gzip
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

SERVER = 2  # The kind of a span of a request's server.
KINDS = ["unspecified", "internal", "server", "client", "producer", "consumer"]
# The beginnings of attributes that are not printed.
QUIET = ("net.", "server.", "network.", "client.", "user_agent", "db.user",
         "http.user_agent", "http.flavor", "http.server_name", "http.scheme", "http.host")


class Sink(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Handler)
        self.bodies = []
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def traces(self):
        """Complete traces, each as its spans with their scopes and the bodies that they came in, as one."""
        spans, bodies = {}, {}
        for body in list(self.bodies):
            for scope, span in spans_of(body):
                spans.setdefault(span.trace_id, []).append((scope, span))
                bodies.setdefault(span.trace_id, {})[body] = None
        # Messages of Protocol Buffers one after the other are one message, with the parts of both.
        return [Trace(found, b"".join(bodies[number])) for number, found in spans.items() if find_root(found)]


@dataclass(frozen=True)
class Trace:
    spans: list
    body: bytes

    @property
    def milliseconds(self):
        return milliseconds(find_root(self.spans))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def spans_of(body):
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            yield from ((scope.scope.name, span) for span in scope.spans)


def find_root(spans):
    """The server's span, if all others are below it."""
    numbers = {span.span_id for _, span in spans}
    tops = [span for _, span in spans if span.parent_span_id not in numbers]
    return tops[0] if len(tops) == 1 and tops[0].kind == SERVER else None


def milliseconds(self):
        return milliseconds(find_root(self.spans))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.headers.get("Content-Encoding") == "gzip":
            body = gzip.decompress(body)
        self.server.bodies.append(body)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


def split_traces(body):
    traces = {}
    for resource in ExportTraceServiceRequest.FromString(body).resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                traces.setdefault(span.trace_id, []).append((scope.scope.name, span))
    return traces.values()


def is_complete(spans):
    return find_root(spans) is not None


def find_root(spans):
    """The server's span, if all others are below it: spans end before their parents, and are exported in that order."""
    numbers = {span.span_id for _, span in spans}
    tops = [span for _, span in spans if span.parent_span_id not in numbers]
    return tops[0] if len(tops) == 1 and tops[0].kind == SERVER else None


def milliseconds(span):
    return (span.end_time_unix_nano - span.start_time_unix_nano) / 1e6


def print_trace(spans, most_children=6):
    root = find_root(spans)
    scopes = {span.span_id: scope for scope, span in spans}
    children = {}
    for _, span in sorted(spans, key=lambda pair: pair[1].start_time_unix_nano):
        children.setdefault(span.parent_span_id, []).append(span)

    def show(span, depth):
        begins = (span.start_time_unix_nano - root.start_time_unix_nano) / 1e6
        print(f"    {'  ' * depth}+{begins:.1f} ms, {milliseconds(span):.1f} ms: {span.name!r} ({KINDS[span.kind]}, "
              f"{scopes[span.span_id]}) {describe(span)}")
        below = children.get(span.span_id, [])
        for child in below[:most_children]:
            show(child, depth + 1)
        if len(below) > most_children:
            print(f"    {'  ' * depth}  ... and {len(below) - most_children} more")
    show(root, 0)


def describe(span):
    values = {item.key: item.value.string_value or item.value.int_value for item in span.attributes}
    return " ".join(f"{key}={value!r}" for key, value in values.items() if not key.startswith(QUIET))

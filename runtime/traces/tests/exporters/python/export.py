"""Exports a server's span and a database's span within it, by OpenTelemetry's own exporters for Python.

Arguments: the protocol (as in OTEL_EXPORTER_OTLP_PROTOCOL), and the traceparent to continue. The rest is as usual:
OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_COMPRESSION, OTEL_SERVICE_NAME."""

import sys

from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

protocol, traceparent = sys.argv[1:]
if protocol == "grpc":
    from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter
else:
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter

provider = TracerProvider()
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
tracer = provider.get_tracer("shop")
parent = TraceContextTextMapPropagator().extract({"traceparent": traceparent})
request = {"http.request.method": "GET", "http.route": "/products/{id}", "server.port": 8080}
with tracer.start_as_current_span("GET /products/{id}", parent, trace.SpanKind.SERVER, request):
    query = {"db.system.name": "postgresql", "db.query.text": "SELECT name FROM products WHERE id = 7"}
    with tracer.start_as_current_span("SELECT products", kind=trace.SpanKind.CLIENT, attributes=query) as span:
        span.set_status(trace.StatusCode.ERROR, "a timeout")
provider.shutdown()

// Exports a server's span and a database's span within it, by OpenTelemetry's own exporters for Node.
//
// Arguments: the protocol (as in OTEL_EXPORTER_OTLP_PROTOCOL), and the traceparent to continue. The rest is as usual:
// OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_COMPRESSION, OTEL_SERVICE_NAME. The packages are in the folder that
// EXPORTERS names.

import { createRequire } from "node:module";

const require = createRequire(`${process.env.EXPORTERS}/package.json`);
const { ROOT_CONTEXT, SpanKind, SpanStatusCode, defaultTextMapGetter, trace } = require("@opentelemetry/api");
const { W3CTraceContextPropagator } = require("@opentelemetry/core");
const { resourceFromAttributes } = require("@opentelemetry/resources");
const { BatchSpanProcessor, NodeTracerProvider } = require("@opentelemetry/sdk-trace-node");

const [protocol, traceparent] = process.argv.slice(2);
const names = { grpc: "grpc", "http/json": "http", "http/protobuf": "proto" };
const { OTLPTraceExporter } = require(`@opentelemetry/exporter-trace-otlp-${names[protocol]}`);

const provider = new NodeTracerProvider({
  resource: resourceFromAttributes({ "service.name": process.env.OTEL_SERVICE_NAME }),
  spanProcessors: [new BatchSpanProcessor(new OTLPTraceExporter())],
});
const tracer = provider.getTracer("shop");
const parent = new W3CTraceContextPropagator().extract(ROOT_CONTEXT, { traceparent }, defaultTextMapGetter);
const request = { "http.request.method": "GET", "http.route": "/products/{id}", "server.port": 8080 };
const server = tracer.startSpan("GET /products/{id}", { kind: SpanKind.SERVER, attributes: request }, parent);
const query = { "db.system.name": "postgresql", "db.query.text": "SELECT name FROM products WHERE id = 7" };
const options = { kind: SpanKind.CLIENT, attributes: query };
const database = tracer.startSpan("SELECT products", options, trace.setSpan(parent, server));
database.setStatus({ code: SpanStatusCode.ERROR, message: "a timeout" });
database.end();
server.end();
await provider.shutdown();

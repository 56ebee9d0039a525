// Exports a server's span and a database's span within it, by OpenTelemetry's own exporters for Java.
//
// Arguments: the protocol (as in OTEL_EXPORTER_OTLP_PROTOCOL), and the traceparent to continue. The rest is as usual:
// OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_COMPRESSION, OTEL_SERVICE_NAME.

import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.api.trace.propagation.W3CTraceContextPropagator;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.propagation.TextMapGetter;
import io.opentelemetry.sdk.autoconfigure.AutoConfiguredOpenTelemetrySdk;
import java.util.Map;

public class Export {
    public static void main(String[] arguments) {
        System.setProperty("otel.exporter.otlp.protocol", arguments[0]);
        System.setProperty("otel.metrics.exporter", "none");
        System.setProperty("otel.logs.exporter", "none");
        var sdk = AutoConfiguredOpenTelemetrySdk.initialize().getOpenTelemetrySdk();
        Tracer tracer = sdk.getTracer("shop");
        var carrier = Map.of("traceparent", arguments[1]);
        Context parent = W3CTraceContextPropagator.getInstance().extract(Context.root(), carrier, new FromMap());
        Span server = tracer.spanBuilder("GET /products/{id}").setParent(parent).setSpanKind(SpanKind.SERVER)
            .setAttribute("http.request.method", "GET").setAttribute("http.route", "/products/{id}")
            .setAttribute("server.port", 8080).startSpan();
        Span database = tracer.spanBuilder("SELECT products").setParent(parent.with(server))
            .setSpanKind(SpanKind.CLIENT).setAttribute("db.system.name", "postgresql")
            .setAttribute("db.query.text", "SELECT name FROM products WHERE id = 7").startSpan();
        database.setStatus(StatusCode.ERROR, "a timeout");
        database.end();
        server.end();
        sdk.close();
    }

    static class FromMap implements TextMapGetter<Map<String, String>> {
        public Iterable<String> keys(Map<String, String> carrier) {
            return carrier.keySet();
        }

        public String get(Map<String, String> carrier, String key) {
            return carrier.get(key);
        }
    }
}

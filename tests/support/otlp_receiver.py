"""A receiver of OTLP over HTTP in JSON, as strict as OpenTelemetry's own definitions of its messages.

    otlp_receiver.py PORT

POST /v1/metrics answers 200 to what those definitions can read, and else 400 with the reason. GET gives the last request as
it was understood.
"""
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

last = ExportMetricsServiceRequest()


class Receiver(BaseHTTPRequestHandler):
    def do_POST(self):
        global last
        body = self.rfile.read(int(self.headers["content-length"]))
        try:
            if self.path != "/v1/metrics" or self.headers["content-type"] != "application/json":
                raise ValueError(f"{self.path} with {self.headers['content-type']}")
            # Fields that are not defined, and values of another type, are errors.
            last = json_format.Parse(body, ExportMetricsServiceRequest())
        except Exception as error:
            return self.answer(400, str(error))
        self.answer(200, "{}")

    def do_GET(self):
        self.answer(200, json_format.MessageToJson(last))

    def answer(self, status, text):
        body = text.encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()

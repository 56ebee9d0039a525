"""A greeter by gRPC, with reflection and health: that of guest-examples/greeter/greeter.proto.

    grpc_server.py PORT [CERTIFICATE KEY]

Metadata "x-..." comes back in the headers, and "x-trailer" in the trailers. A name of "status N" gives that status, with a
detail; "hang" is never answered. "ready" on standard output says that it listens.
"""
import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha import reflection
from google.rpc import status_pb2

here = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(here, "..", "..", "guest-examples", "greeter"))
messages, services = grpc.protos_and_services("greeter.proto")


class Greeter(services.GreeterServicer):
    def greeting(self, request, context, number=1):
        time.sleep(request.delay_ms / 1e3)
        if request.name.startswith("status "):
            code = int(request.name.split()[1])
            detail = messages.HelloReply(text="why")
            status = status_pb2.Status(code=code, message=f"no greeting: {code} – sorry")
            status.details.add().Pack(detail)
            context.set_trailing_metadata([("grpc-status-details-bin", status.SerializeToString())])
            known = {kind.value[0]: kind for kind in grpc.StatusCode}
            context.abort(known[code], status.message)
        if request.name == "hang":
            while context.is_active():
                time.sleep(0.01)
        return messages.HelloReply(text=f"Hello, {request.name}", number=number)

    def metadata(self, context):
        given = context.invocation_metadata()
        context.send_initial_metadata([pair for pair in given if pair.key.startswith("x-") and pair.key != "x-trailer"])
        trailers = [("x-trailer", pair.value) for pair in given if pair.key == "x-trailer"]
        if trailers:
            context.set_trailing_metadata(trailers)

    def Hello(self, request, context):
        self.metadata(context)
        if request.name == "gzip":
            context.set_compression(grpc.Compression.Gzip)
            return messages.HelloReply(text="z" * 10_000)
        if request.name.startswith("size "):
            return messages.HelloReply(text="z" * int(request.name.split()[1]))
        return self.greeting(request, context)

    def Many(self, request, context):
        for number in range(request.count):
            yield self.greeting(request, context, number + 1)

    def Gather(self, requests, context):
        names = [request.name for request in requests]
        return messages.HelloReply(text=f"Hello, {', '.join(names)}", number=len(names))

    def Chat(self, requests, context):
        for number, request in enumerate(requests):
            yield self.greeting(request, context, number + 1)


port, *tls = sys.argv[1:]
server = grpc.server(ThreadPoolExecutor(max_workers=64), options=[("grpc.so_reuseport", 0)])
services.add_GreeterServicer_to_server(Greeter(), server)
checker = health.HealthServicer()
health_pb2_grpc.add_HealthServicer_to_server(checker, server)
checker.set("greeter.v1.Greeter", health_pb2.HealthCheckResponse.SERVING)
reflection.enable_server_reflection(["greeter.v1.Greeter", health.SERVICE_NAME, reflection.SERVICE_NAME], server)
address = f"127.0.0.1:{port}"
if tls:
    certificate, key = (open(name, "rb").read() for name in tls)
    server.add_secure_port(address, grpc.ssl_server_credentials([(key, certificate)]))
else:
    server.add_insecure_port(address)
server.start()
print("ready", flush=True)
server.wait_for_termination()

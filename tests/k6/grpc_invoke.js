// Unary calls as k6 makes them. The server is that of tests/support/grpc_server.py.
import { check } from 'k6';
import grpc from 'k6/net/grpc';

const address = __ENV.GRPC_ADDR;
const proto = __ENV.GRPC_PROTO_PATH || './greeter.proto';
const client = new grpc.Client();
client.load([], proto);

export default async () => {
  client.connect(address, { plaintext: true, timeout: '5s' });
  const params = { metadata: { 'X-Trailer': 'tail', 'x-head': 'head' }, tags: { name: 'hello' }, timeout: '10s' };
  const response = client.invoke('greeter.v1.Greeter/Hello', { name: 'k6' }, params);
  check(response, {
    'status is OK': (r) => r && r.status === grpc.StatusOK && r.error === null,
    'message': (r) => r.message.text === 'Hello, k6' && r.message.number === '1',
    'headers': (r) => r.headers['x-head'][0] === 'head',
    'trailers': (r) => r.trailers['x-trailer'][0] === 'tail',
  });
  const missing = await client.asyncInvoke('/greeter.v1.Greeter/Hello', { name: 'status 5' });
  check(missing, {
    'a status is an answer': (r) => r.status === grpc.StatusNotFound && r.error.code === 5,
    'its text': (r) => r.error.message === 'no greeting: 5 – sorry',
    'its details': (r) => r.error.details[0].text === 'why',
  });
  const late = client.invoke('greeter.v1.Greeter/Hello', { name: 'hang' }, { timeout: 50 });
  check(late, { 'a deadline is a status': (r) => r.status === grpc.StatusDeadlineExceeded });
  check(client.healthCheck('greeter.v1.Greeter'), { 'it is healthy': (r) => r.status === grpc.HealthCheckServing });
  const fails = (work) => {
    try {
      work();
    } catch (error) {
      return error.message;
    }
  };
  check(fails(() => client.invoke('greeter.v1.Greeter/Nothing', {})), {
    'a method that is missing': (text) => text.startsWith('method "/greeter.v1.Greeter/Nothing" not found in file descriptors'),
  });
  check(fails(() => client.connect(address, { plain: true })), {
    'a parameter that is not known': (text) => text === 'unknown connect param: "plain"',
  });
  client.close();
  client.connect(address, { plaintext: true, reflect: true });
  check(client.invoke('grpc.health.v1.Health/Check', {}), { 'reflection': (r) => r.status === grpc.StatusOK });
  client.close();
};

// Calls of a greeter by gRPC, each kind in a flow of its own.
//
// The target is the greeter: `--target http://HOST:PORT`. Options: `NAME`, who is greeted.

import { check, env, type Flows, grpc, type Options } from 'squall';

import GREETER from '../greeter.proto';

export const options: Options = { thresholds: { grpc_req_failed: ['rate<0.01'] } };

export const flows: Flows = { hello: { weight: 4, run: hello }, many, gather, chat };

/** Greetings in each direction of a stream. */
const GREETINGS = 5;

/** What a virtual user needs for its calls: opened once, and kept over iterations. */
let greeter: { channel: grpc.Channel; method: (name: string) => grpc.Method } | undefined;

function open() {
  const schema = grpc.Schema.parse({ 'greeter.proto': GREETER });
  greeter ??= { channel: grpc.connect(), method: (name) => schema.method(`greeter.v1.Greeter/${name}`) };
  return greeter;
}

function request(count: number) {
  return { name: env('NAME') ?? 'Ada', count };
}

function hello() {
  const { channel, method } = greeter ?? open();
  const reply = channel.invoke(method('Hello'), request(1), { metadata: { 'x-flow': 'hello' } });
  check('hello is answered', reply.ok);
  check('it is a greeting', reply.json()?.text.includes('Hello, '));
}

function many() {
  const { channel, method } = greeter ?? open();
  const call = channel.start(method('Many'));
  call.send(request(GREETINGS));
  call.finish();
  let came = 0;
  for (const message of call) if (message.json().text !== '') came++;
  check('all greetings come', came === GREETINGS);
  check('the stream ends well', call.reply?.ok === true);
}

function gather() {
  const { channel, method } = greeter ?? open();
  const call = channel.start(method('Gather'));
  for (let sent = 0; sent < GREETINGS; sent++) call.send(request(1));
  call.finish();
  check('all were greeted at once', call.receive()?.json().number === String(GREETINGS));
}

function chat() {
  const { channel, method } = greeter ?? open();
  const call = channel.start(method('Chat'));
  for (let sent = 0; sent < GREETINGS; sent++) {
    call.send(request(1));
    check('each greeting is answered', call.receive() !== undefined);
  }
  call.finish();
  check('the chat ends', call.receive() === undefined);
}

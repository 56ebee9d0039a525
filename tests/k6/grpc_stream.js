// Streams as k6 has them: handlers, and calls that go on at the same time.
import { check, sleep } from 'k6';
import { Client, Stream } from 'k6/net/grpc';

const client = new Client();
client.load(['missing', '.'], 'greeter.proto');

export default () => {
  if (__ITER === 0) client.connect(__ENV.GRPC_ADDR, { plaintext: true });
  for (const name of ['one', 'two']) chat(name);
  const failing = new Stream(client, 'greeter.v1.Greeter/Many');
  const events = [];
  failing.on('data', () => events.push('data'));
  failing.on('error', (error) => events.push(error.code));
  failing.on('end', () => {
    events.push('end');
    check(events.join(), { 'an error, then the end': (text) => text === '5,end' });
  });
  // Of a method whose client does not stream, the first message is the last.
  failing.write({ name: 'status 5', count: 1 });
};

function chat(name) {
  const stream = new Stream(client, 'greeter.v1.Greeter/Chat', { metadata: { 'x-a': 'b' } });
  const texts = [];
  stream.on('data', (message) => {
    texts.push(message.text);
    if (texts.length === 3) stream.end();
    else stream.write({ name });
  });
  stream.on('end', () => check(texts, { 'three greetings': (texts) => texts.join() === Array(3).fill(`Hello, ${name}`).join() }));
  stream.write({ name });
  sleep(0.01);
}

// Node's own HTTP/2 server: `node http2_server.mjs [KEY CERTIFICATE]`, with TLS if there is a key. Prints its port.
//
// A response says in which protocol the request came ("2.0", "1.1"), on which of the server's connections, and how many
// streams were open on it. `/goaway` ends the connection after the response, `/reset` resets the stream, `/slow`
// answers when five requests wait.
import { readFileSync } from 'node:fs';
import * as http2 from 'node:http2';

const [key, certificate] = process.argv.slice(2);
const sessions = new Map();
const waiting = [];

function answer(request, response) {
  const session = request.httpVersionMajor === 2 ? request.stream.session : request.socket;
  if (!sessions.has(session)) sessions.set(session, sessions.size);
  const body = JSON.stringify({ version: request.httpVersion, connection: sessions.get(session) });
  const send = () => {
    response.writeHead(200, { 'content-type': 'application/json', 'x-method': request.method });
    response.end(body);
  };
  switch (request.url) {
    case '/goaway':
      response.on('finish', () => session.close());
      return send();
    case '/reset':
      return request.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
    case '/slow':
      waiting.push(send);
      if (waiting.length === 5) waiting.splice(0).forEach((send) => send());
      return;
    case '/echo': {
      const pieces = [];
      request.on('data', (piece) => pieces.push(piece));
      return request.on('end', () => {
        response.writeHead(200);
        response.end(String(Buffer.concat(pieces).length));
      });
    }
    default:
      return send();
  }
}

const server = key
  ? http2.createSecureServer({ key: readFileSync(key), cert: readFileSync(certificate), allowHTTP1: true }, answer)
  : http2.createServer(answer);
server.listen(0, '127.0.0.1', () => console.log(server.address().port));

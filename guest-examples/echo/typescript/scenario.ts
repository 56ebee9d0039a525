// Sends messages to a server that sends them back, by handlers as in a browser, beside a timer that pings.
//
// Options: `SOCKET`, the server's path or URL, and `MESSAGES`, the number of messages of a connection.

import { check, env, type Flows, type Options, WebSocket } from 'squall';

export const options: Options = { thresholds: { ws_sessions_failed: 'rate<0.01' } };
export const flows: Flows = { echo };

function echo() {
  const wanted = Number(env('MESSAGES') ?? 10);
  const socket = new WebSocket(env('SOCKET') ?? '/echo');
  let repeated = 0;
  const pinging = setInterval(() => socket.ping(), 1000);
  socket.onopen = () => socket.send('message 1');
  socket.onmessage = ({ data }) => {
    if (data === `message ${repeated + 1}`) repeated++;
    if (repeated < wanted) socket.send(`message ${repeated + 1}`);
    else socket.close();
  };
  socket.onclose = () => {
    clearInterval(pinging);
    check('every message came back', repeated === wanted);
  };
}

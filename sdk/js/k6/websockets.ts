// The modules `k6/websockets` and `k6/experimental/websockets`.

import { WebSocket as Socket } from '../src/websocket/events.ts';
import { BinaryBlob } from '../src/websocket/blob.ts';
import { type Params, settingsOf } from './websocket-params.ts';

/** A WebSocket that is opened with k6's parameters. */
export class WebSocket extends Socket {
  constructor(url: string, protocols?: string | readonly string[] | null, params?: Params | null) {
    const offered = typeof protocols === 'string' ? [protocols] : (protocols ?? []);
    super(String(url), settingsOf(params, offered));
  }
}

export { BinaryBlob as Blob };

export default { WebSocket, Blob: BinaryBlob };

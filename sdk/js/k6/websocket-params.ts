// The parameters that k6's two modules for WebSockets share.

import { ConnectOptions } from 'squall:scenario/websocket@0.1.0';

import { CookieJar } from './cookie-jar.ts';
import { type Tags, tagsOf } from './tags.ts';

/** As scripts write them. */
export interface Params {
  headers?: Record<string, unknown> | null;
  tags?: Tags | null;
  jar?: CookieJar | null;
  compression?: string;
}

/** The host's settings. */
export function settingsOf(params: Params | null | undefined, protocols: readonly string[] = []): ConnectOptions {
  const settings = new ConnectOptions();
  const { headers, tags, jar, compression } = params ?? {};
  for (const [name, value] of Object.entries(headers ?? {})) settings.addHeader(name, String(value));
  const own = tagsOf(tags);
  if (own !== undefined) settings.setTags(own);
  if (tags?.name !== undefined) settings.setName(String(tags.name));
  if (jar) settings.setCookieJar(jar.held);
  if (protocols.length > 0) settings.setSubprotocols([...protocols]);
  if (compression) {
    if (compression.trim() !== 'deflate') throw new Error(`unsupported compression algorithm '${compression}', supported algorithm is 'deflate'`);
    settings.setCompression(true);
  }
  return settings;
}

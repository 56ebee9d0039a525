// HTTP digest authentication (RFC 7616), as `auth: 'digest'` asks for it.

import { md5 } from '@noble/hashes/legacy.js';
import { sha256 } from '@noble/hashes/sha2.js';

import { encodeUtf8 } from '../src/text.ts';
import type { Sent } from './request.ts';
import { parseUrl } from './url.ts';

/** The `authorization` that answers a challenge, for the user of the URL; undefined for unsupported challenges. */
export function answerDigest(sent: Sent, url: string, challenge: string): string | undefined {
  if (!/^digest /i.test(challenge)) return undefined;
  const asked: Record<string, string> = {};
  for (const [, name, quoted, plain] of challenge.matchAll(/(\w+)=(?:"([^"]*)"|([^\s,]+))/g)) asked[name!.toLowerCase()] = quoted ?? plain!;
  const algorithm = (asked.algorithm ?? 'MD5').toUpperCase();
  const hash = { MD5: md5, 'SHA-256': sha256 }[algorithm];
  if (hash === undefined) return undefined;
  const digest = (text: string): string => hash(encodeUtf8(text)).toHex();
  const { user, path, query } = parseUrl(url);
  const [name = '', password = ''] = user.split(/:(.*)/s).map(decodeURIComponent);
  const uri = path + query;
  const nonce = asked.nonce ?? '';
  const cnonce = digest(String(Math.random())).slice(0, 16);
  const auth = asked.qop?.split(/\s*,\s*/).includes('auth');
  const secret = digest(`${name}:${asked.realm}:${password}`);
  const deed = digest(`${sent.method}:${uri}`);
  const response = auth ? digest(`${secret}:${nonce}:00000001:${cnonce}:auth:${deed}`) : digest(`${secret}:${nonce}:${deed}`);
  const fields = [`username="${name}"`, `realm="${asked.realm}"`, `nonce="${nonce}"`, `uri="${uri}"`, `response="${response}"`, `algorithm=${algorithm}`];
  if (asked.opaque !== undefined) fields.push(`opaque="${asked.opaque}"`);
  if (auth) fields.push('qop=auth', 'nc=00000001', `cnonce="${cnonce}"`);
  return `Digest ${fields.join(', ')}`;
}

// UTF-8 in an engine without TextEncoder, by means of its native functions.

const ASCII = /^[\x00-\x7f]*$/;

/** The text as UTF-8. Surrogates without a partner become U+FFFD. */
export function encodeUtf8(text: string): Uint8Array {
  const binary = ASCII.test(text) ? text : unescape(encodeURIComponent(text.toWellFormed()));
  return Uint8Array.fromBase64(btoa(binary));
}

/** The bytes as text. Bytes that are not UTF-8 become U+FFFD. */
export function decodeUtf8(bytes: Uint8Array): string {
  const binary = atob(bytes.toBase64());
  if (ASCII.test(binary)) return binary;
  try {
    return decodeURIComponent(escape(binary));
  } catch {
    return decodeLossily(bytes);
  }
}

function decodeLossily(bytes: Uint8Array): string {
  let text = '';
  let at = 0;
  while (at < bytes.length) {
    const first = bytes[at++]!;
    if (first < 0x80) {
      text += String.fromCharCode(first);
      continue;
    }
    const length = first >= 0xf0 && first < 0xf5 ? 3 : first >= 0xe0 ? 2 : first >= 0xc2 ? 1 : 0;
    let code = first & (0x3f >> length);
    let read = 0;
    while (read < length && first < 0xf5 && at < bytes.length && (bytes[at]! & 0xc0) === 0x80) {
      const least = read === 0 && first === 0xe0 ? 0xa0 : read === 0 && first === 0xf0 ? 0x90 : 0x80;
      const most = read === 0 && first === 0xed ? 0x9f : read === 0 && first === 0xf4 ? 0x8f : 0xbf;
      if (bytes[at]! < least || bytes[at]! > most) break;
      code = (code << 6) | (bytes[at++]! & 0x3f);
      read++;
    }
    text += length > 0 && read === length ? String.fromCodePoint(code) : '\ufffd';
  }
  return text;
}

/** The bytes of any container of bytes. */
export function bytesOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  if (data instanceof Uint8Array) return data;
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}

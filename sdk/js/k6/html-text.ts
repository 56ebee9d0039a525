// Elements as text, the way k6 writes them: as Go's parser for HTML does.

/** As much of a node of the parser as is written. */
export interface Node {
  type: string;
  data?: string;
  name?: string;
  attribs?: Record<string, string>;
  children?: Node[];
}

/** The text between an element's tags. */
export function innerHtml(node: Node): string {
  return (node.children ?? []).map(write).join('');
}

const VOID = /^(?:area|base|br|col|embed|hr|img|input|keygen|link|meta|param|source|track|wbr)$/;
/** Elements whose text is written unchanged. */
const LITERAL = /^(?:iframe|noembed|noframes|noscript|plaintext|script|style|xmp)$/;
const ESCAPES: Record<string, string> = { '&': '&amp;', "'": '&#39;', '<': '&lt;', '>': '&gt;', '"': '&#34;', '\r': '&#13;' };

function escape(text: string): string {
  return text.replace(/[&'<>"\r]/g, (character) => ESCAPES[character]!);
}

function write(node: Node): string {
  const { type, data = '', name = '', attribs = {}, children = [] } = node;
  switch (type) {
    case 'text': return escape(data);
    case 'comment': return `<!--${data}-->`;
    case 'directive': return `<${data.replace(/^!doctype/i, '!DOCTYPE')}>`;
    case 'cdata': return innerHtml(node);
  }
  const tag = `<${name}${Object.entries(attribs).map(([key, value]) => ` ${key}="${escape(value)}"`).join('')}`;
  if (VOID.test(name)) return `${tag}/>`;
  const content = LITERAL.test(name) ? children.map((child) => (child.type === 'text' ? child.data : write(child))).join('') : innerHtml(node);
  // A line break at the beginning of these is dropped by parsers, so one is added before it.
  const first = /^(?:pre|listing|textarea)$/.test(name) && content.startsWith('\n') ? '\n' : '';
  return `${tag}>${first}${content}</${name}>`;
}

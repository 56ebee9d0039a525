// The module `k6/html`: selections of a page's elements, over cheerio.

import { type Cheerio, type CheerioAPI, load } from 'cheerio/slim';

import { innerHtml } from './html-text.ts';

type Nodes = Cheerio<any>;
type Selector = string | Selection | Element;

const inner = (selector: any): any => (selector instanceof Selection ? selector.nodes : selector instanceof Element ? selector.node : selector);

/** Elements of a page, with jQuery's functions. */
export class Selection {
  /** @internal */
  readonly api: CheerioAPI;
  /** @internal */
  readonly nodes: Nodes;

  /** @internal */
  constructor(api: CheerioAPI, nodes: Nodes) {
    this.api = api;
    this.nodes = nodes;
  }

  #with(nodes: any): Selection {
    return new Selection(this.api, nodes);
  }

  find(selector: Selector): Selection { return this.#with(this.nodes.find(inner(selector))); }
  filter(selector: Selector | ((index: number, element: Element) => boolean)): Selection {
    if (typeof selector !== 'function') return this.#with(this.nodes.filter(inner(selector)));
    return this.#with(this.nodes.filter((index: number, node: any) => selector(index, new Element(this.api, node))));
  }
  not(selector: Selector): Selection { return this.#with(this.nodes.not(inner(selector))); }
  has(selector: Selector): Selection { return this.#with(this.nodes.has(inner(selector))); }
  is(selector: Selector): boolean { return this.nodes.is(inner(selector)); }
  add(selector: Selector): Selection { return this.#with(this.nodes.add(inner(selector))); }
  children(selector?: string): Selection { return this.#with(this.nodes.children(selector)); }
  contents(): Selection { return this.#with(this.nodes.contents()); }
  parent(selector?: string): Selection { return this.#with(this.nodes.parent(selector)); }
  parents(selector?: string): Selection { return this.#with(this.nodes.parents(selector)); }
  parentsUntil(selector?: string, filter?: string): Selection { return this.#with(this.nodes.parentsUntil(selector, filter)); }
  closest(selector: string): Selection { return this.#with(this.nodes.closest(selector)); }
  next(selector?: string): Selection { return this.#with(this.nodes.next(selector)); }
  nextAll(selector?: string): Selection { return this.#with(this.nodes.nextAll(selector)); }
  nextUntil(selector?: string, filter?: string): Selection { return this.#with(this.nodes.nextUntil(selector, filter)); }
  prev(selector?: string): Selection { return this.#with(this.nodes.prev(selector)); }
  prevAll(selector?: string): Selection { return this.#with(this.nodes.prevAll(selector)); }
  prevUntil(selector?: string, filter?: string): Selection { return this.#with(this.nodes.prevUntil(selector, filter)); }
  siblings(selector?: string): Selection { return this.#with(this.nodes.siblings(selector)); }
  first(): Selection { return this.#with(this.nodes.first()); }
  last(): Selection { return this.#with(this.nodes.last()); }
  eq(index: number): Selection { return this.#with(this.nodes.eq(index)); }
  slice(start: number, end?: number): Selection { return this.#with(this.nodes.slice(start, end)); }
  end(): Selection { return this.#with(this.nodes.end()); }
  size(): number { return this.nodes.length; }
  index(selector?: string): number { return selector === undefined ? this.nodes.index() : this.nodes.index(selector); }
  text(): string { return this.nodes.text(); }
  html(): string { return this.nodes.length === 0 ? '' : innerHtml(this.nodes.get(0)); }
  attr(name: string, otherwise?: string): string | undefined { return this.nodes.attr(name) ?? otherwise; }
  data(name?: string): any { return name === undefined ? this.nodes.data() : this.nodes.data(name); }
  val(): any {
    const value = this.nodes.val();
    return value ?? (this.nodes.is('textarea') ? this.nodes.text() : this.nodes.is('input,button') ? '' : undefined);
  }
  get(index: number): Element | undefined {
    const node = this.nodes.get(index);
    return node && new Element(this.api, node);
  }
  toArray(): Selection[] { return this.nodes.toArray().map((node) => this.#with(this.api(node as any))); }
  each(work: (index: number, element: Element) => void | boolean): Selection {
    this.nodes.each((index, node) => work(index, new Element(this.api, node)) as any);
    return this;
  }
  map<T>(work: (index: number, element: Selection) => T): T[] {
    return this.nodes.toArray().map((node, index) => work(index, this.#with(this.api(node as any))));
  }
  serializeArray(): { name: string; value: string }[] { return this.nodes.serializeArray(); }
  /** The values by name; of a list in which several can be chosen, all of them. */
  serializeObject(): Record<string, string | string[]> {
    const values: Record<string, string | string[]> = Object.fromEntries(this.serializeArray().map(({ name, value }) => [name, value]));
    for (const { name, value } of this.find('select[multiple]').toArray().map((list) => ({ name: list.attr('name'), value: list.val() }))) {
      if (name !== undefined && name in values) values[name] = value;
    }
    return values;
  }
  serialize(): string { return this.nodes.serialize(); }
}

/** One element. */
export class Element {
  /** @internal */
  readonly api: CheerioAPI;
  /** @internal */
  readonly node: any;

  /** @internal */
  constructor(api: CheerioAPI, node: any) {
    this.api = api;
    this.node = node;
  }

  nodeName(): string { return this.node.name ?? '#text'; }
  id(): string { return this.getAttribute('id') ?? ''; }
  textContent(): string { return this.api(this.node).text(); }
  innerHTML(): string { return innerHtml(this.node); }
  getAttribute(name: string): string | undefined { return this.api(this.node).attr(name); }
  hasAttribute(name: string): boolean { return this.getAttribute(name) !== undefined; }
  selection(): Selection { return new Selection(this.api, this.api(this.node)); }
  value(): string | undefined { return this.getAttribute('value'); }
}

/** Parses a page. */
export function parseHTML(text: string): Selection {
  const api = load(text);
  return new Selection(api, api.root());
}

export default { parseHTML };

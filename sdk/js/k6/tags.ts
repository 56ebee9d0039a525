// Tags that a script gives to samples. The host keeps those that thresholds of the run ask for, as k6 keeps a submetric
// for each of them; other tags never leave the script.

import { metrics } from '../src/host.ts';
import { openGroups, whenGroupsChange } from '../src/metrics.ts';

/** Tags as scripts write them. */
export type Tags = Record<string, unknown>;
type Pairs = [string, string][];

const NONE: ReadonlySet<string> = new Set();
/** The names of the tags that thresholds ask for. */
let asked = NONE;
let learnt = false;
/** The group that a script is in automatically: `::setup`. */
let outermost = '';
/** The scenario that runs, if one does. */
let scenario: string | undefined;

/** `exec.vu.metrics.tags`: tags of all later samples of the virtual user. */
export const vuTags = new Proxy<Record<string, string>>({}, {
  get(tags, name) {
    if (name === 'group') return tags.group ?? groupPath();
    if (name === 'scenario') return tags.scenario ?? scenario;
    return tags[String(name)];
  },
  set(tags, name, value) {
    tags[String(name)] = String(value);
    tell();
    return true;
  },
  deleteProperty(tags, name) {
    delete tags[String(name)];
    tell();
    return true;
  },
});

/** An iteration, or `setup` or `teardown`, begins: the host has forgotten the tags of the one before. */
export function beginTags(group: string, ofScenario: string | undefined): void {
  if (!learnt) {
    asked = new Set(metrics.askedTags());
    learnt = true;
  }
  outermost = group;
  scenario = ofScenario;
  tell();
}

/** Records something under these tags and those of the virtual user. */
export function withTags<T>(tags: Tags | null | undefined, record: () => T): T {
  const own = tagsOf(tags);
  if (own === undefined) return record();
  metrics.setTags(own);
  try {
    return record();
  } finally {
    tell();
  }
}

/** All tags of a request or a value with kept tags of its own; `undefined` without any. */
export function tagsOf(tags: Tags | null | undefined): Pairs | undefined {
  if (asked.size === 0 || tags === null || tags === undefined) return undefined;
  const own = pairsOf(tags);
  return own.length === 0 ? undefined : [...current().filter(([name]) => !(name in tags)), ...own];
}

function pairsOf(tags: Tags): Pairs {
  return Object.entries(tags).filter(([name]) => asked.has(name)).map(([name, value]) => [name, String(value)]);
}

/** The tags of the virtual user, the group that it is in among them. */
function current(): Pairs {
  const pairs = pairsOf(vuTags);
  const group = groupPath();
  if (asked.has('group') && !('group' in vuTags) && group !== '') pairs.push(['group', group]);
  return pairs;
}

function groupPath(): string {
  return outermost + openGroups().map((name) => `::${name}`).join('');
}

/** Passes the tags of the virtual user to the host. */
function tell(): void {
  if (asked.size > 0) metrics.setTags(current());
}

whenGroupsChange(tell);

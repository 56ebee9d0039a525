// The counterpart of guest-examples/minimal: one GET of the target, whose body is discarded.
import http from 'k6/http';
import { check } from 'k6';

export const options = { discardResponseBodies: true };

const target = `${__ENV.TARGET}/`;

export default function () {
  const page = http.get(target);
  check(page, { 'status is 200': (page) => page.status === 200 });
}

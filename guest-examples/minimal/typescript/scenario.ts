// The least scenario: one GET of the target, whose body is thrown away.

import { check, type Flows, http } from 'squall';

export const flows: Flows = { home };

function home() {
  const page = http.get('/', { discardBody: true });
  check(page, { 'status is 200': (page) => page.status === 200 });
}

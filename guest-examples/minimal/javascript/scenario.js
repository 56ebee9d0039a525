// The least scenario: one GET of the target, whose body is thrown away.

import { check, http } from 'squall';

export const flows = { home };

function home() {
  const page = http.get('/', { discardBody: true });
  check(page, { 'status is 200': (page) => page.status === 200 });
}

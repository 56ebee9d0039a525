// Data that the run is given: --data users=users.csv for login and profile, --data upload=file:big.bin for upload.
//
// -e COLUMN=email has login send another column.

import { check, data, env, type Flows, http, type Options, vu } from 'squall';

export const options: Options = { data: { users: {} } };

export const flows: Flows = {
  login,
  profile: { weight: 0, run: profile },
  draw: { weight: 0, run: draw },
  upload: { weight: 0, run: upload },
};

const users = new data.Feed('users');
/** The same rows, in an order of their own. */
const drawn = new data.Feed('users', { policy: 'once-each', atEnd: 'error' });
const big = new data.Blob('upload');

/** Takes one field of a row: the rest of it stays with the host. */
function login() {
  const user = users.next();
  const column = env('COLUMN') ?? 'name';
  http.post('/login', { body: user.get(column), headers: { 'x-vu': String(vu()) }, discardBody: true });
}

/** Sends a whole row as JSON. */
function profile() {
  http.post('/profile', { body: users.next().text(), discardBody: true });
}

/** Sends a field that never enters the scenario, and each row once. */
function draw() {
  http.post('/draw', { body: drawn.next().blob('name'), discardBody: true });
}

/** Sends a file that never enters the scenario, however large it is. */
function upload() {
  const response = http.post('/upload', { body: big });
  check(response, { 'the file has arrived': (response) => response.status === 200 });
}

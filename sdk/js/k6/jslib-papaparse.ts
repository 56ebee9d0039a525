// jslib's `papaparse`: the library itself.

import Papa from 'papaparse';

export default Papa;

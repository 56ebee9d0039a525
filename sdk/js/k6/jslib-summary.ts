// jslib's `k6-summary`. Squall writes the summary itself, and never calls `handleSummary`.

function never(): never {
  throw new Error('handleSummary is not called: squall prints the summary, and writes it with --summary-export FILE');
}

export const textSummary = never;
export const jUnit = never;

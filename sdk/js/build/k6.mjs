// What k6 scripts import.
export function k6Plugin() { return { name: 'squall-k6', setup() {} }; }

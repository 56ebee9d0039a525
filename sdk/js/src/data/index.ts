// Data that the run was given: tables whose rows a scenario takes (`--data users=users.csv`), and files that are sent as
// they are (`--data video=file:video.mp4`).

export { Blob } from './blob.ts';
export { DataError, type DataErrorCode } from './error.ts';
export { type AtEnd, Feed, type Policy, Row } from './feed.ts';

/// <reference path="./interfaces/squall-scenario-context.d.ts" />
/// <reference path="./interfaces/squall-scenario-data.d.ts" />
/// <reference path="./interfaces/squall-scenario-grpc.d.ts" />
/// <reference path="./interfaces/squall-scenario-http.d.ts" />
/// <reference path="./interfaces/squall-scenario-metrics.d.ts" />
/// <reference path="./interfaces/squall-scenario-progress.d.ts" />
/// <reference path="./interfaces/squall-scenario-setup.d.ts" />
/// <reference path="./interfaces/squall-scenario-sockets.d.ts" />
/// <reference path="./interfaces/squall-scenario-start.d.ts" />
/// <reference path="./interfaces/squall-scenario-streaming.d.ts" />
/// <reference path="./interfaces/squall-scenario-teardown.d.ts" />
/// <reference path="./interfaces/squall-scenario-timing.d.ts" />
/// <reference path="./interfaces/squall-scenario-types.d.ts" />
/// <reference path="./interfaces/squall-scenario-waiting.d.ts" />
/// <reference path="./interfaces/squall-scenario-websocket.d.ts" />
declare module 'squall:scenario/scenario-full@0.1.0' {
  export type Description = import('squall:scenario/types@0.1.0').Description;
  export type * as SquallScenarioContext010 from 'squall:scenario/context@0.1.0'; // import squall:scenario/context@0.1.0
  export type * as SquallScenarioData010 from 'squall:scenario/data@0.1.0'; // import squall:scenario/data@0.1.0
  export type * as SquallScenarioGrpc010 from 'squall:scenario/grpc@0.1.0'; // import squall:scenario/grpc@0.1.0
  export type * as SquallScenarioHttp010 from 'squall:scenario/http@0.1.0'; // import squall:scenario/http@0.1.0
  export type * as SquallScenarioMetrics010 from 'squall:scenario/metrics@0.1.0'; // import squall:scenario/metrics@0.1.0
  export type * as SquallScenarioProgress010 from 'squall:scenario/progress@0.1.0'; // import squall:scenario/progress@0.1.0
  export type * as SquallScenarioSockets010 from 'squall:scenario/sockets@0.1.0'; // import squall:scenario/sockets@0.1.0
  export type * as SquallScenarioStreaming010 from 'squall:scenario/streaming@0.1.0'; // import squall:scenario/streaming@0.1.0
  export type * as SquallScenarioTiming010 from 'squall:scenario/timing@0.1.0'; // import squall:scenario/timing@0.1.0
  export type * as SquallScenarioTypes010 from 'squall:scenario/types@0.1.0'; // import squall:scenario/types@0.1.0
  export type * as SquallScenarioWaiting010 from 'squall:scenario/waiting@0.1.0'; // import squall:scenario/waiting@0.1.0
  export type * as SquallScenarioWebsocket010 from 'squall:scenario/websocket@0.1.0'; // import squall:scenario/websocket@0.1.0
  export * as setup from 'squall:scenario/setup@0.1.0'; // export squall:scenario/setup@0.1.0
  export * as start from 'squall:scenario/start@0.1.0'; // export squall:scenario/start@0.1.0
  export * as teardown from 'squall:scenario/teardown@0.1.0'; // export squall:scenario/teardown@0.1.0
  /**
  * Names the flows and suggests a plan.
  */
  export function describe(): Description;
  /**
  * One iteration of the flow of that index in the description. An error ends the iteration, is counted and shown with
  * its text; the virtual user continues with the next.
  */
  export function run(flow: number): void;
  export type Result<T, E> = { tag: 'ok', val: T } | { tag: 'err', val: E };
}

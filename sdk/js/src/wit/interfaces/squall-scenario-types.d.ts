declare module 'squall:scenario/types@0.1.0' {
  /**
   * A journey through the target, of which a component may hold several ("browse", "search", "checkout").
   */
  export interface Flow {
    /**
     * Its name: letters, digits, `-`, `_` and `.`; unique in the component.
     */
    name: string,
    /**
     * Its share of the traffic, relative to the other flows' weights. The user may override it. 0: only on demand.
     */
    weight: number,
  }
  /**
   * A component's description of itself. Asked once, before the run, without network.
   */
  export interface Description {
    /**
     * At least one flow.
     */
    flows: Array<Flow>,
    /**
     * The plan that the component suggests, as a JSON object with the plan file's keys (`{"vus": 10, "duration":
     * "30s", "thresholds": {"http_req_duration": ["p(95)<500"]}}`); empty for none. The user may override all of it.
     */
    plan: string,
  }
}

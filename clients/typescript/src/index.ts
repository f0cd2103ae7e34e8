import { Operations } from "./operations.js";

export { ApiError, ConnectionFailed, type CallOptions, type ClientOptions } from "./transport.js";
export type * from "./types.js";

/** A client with one key. */
export class Hookwright extends Operations {}

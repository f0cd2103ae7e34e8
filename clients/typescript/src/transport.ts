// How requests are made: retries, idempotency keys, errors.

/** Tries of one call, the first included. */
const TRIES_MAX = 5;
/** The first pause between two tries, in milliseconds; each is twice the one before. */
const FIRST_PAUSE_MS = 200;
/** No pause is longer, in milliseconds, but for a Retry-After. */
const PAUSE_MS_MAX = 10_000;
/** A longer Retry-After is not waited for: the call fails, in milliseconds. */
const RETRY_AFTER_MS_MAX = 60_000;

const TRIED_AGAIN = [408, 429, 500, 502, 503, 504];
/** What was surely not done. */
const UNTRIED = [429];

/** The server refused: `code` is stable, `detail` says what to do. */
export class ApiError extends Error {
  readonly code: string;
  readonly detail: string;
  readonly errors: { pointer: string; detail: string }[];

  constructor(readonly status: number, problem: Record<string, unknown>) {
    super(`${status} ${problem.code ?? ""}: ${problem.detail ?? ""}`);
    this.name = "ApiError";
    this.code = String(problem.code ?? "");
    this.detail = String(problem.detail ?? "");
    this.errors = (problem.errors as { pointer: string; detail: string }[] | undefined) ?? [];
  }
}

/** No answer came, however often it was tried. */
export class ConnectionFailed extends Error {
  constructor(what: string, cause: unknown) {
    super(`${what}: ${String(cause)}`, { cause });
    this.name = "ConnectionFailed";
  }
}

export interface ClientOptions {
  /** Where the server is, as https://hooks.example.com */
  baseUrl: string;
  apiKey: string;
  /** Of one try, in milliseconds; 30,000 if not given. */
  timeoutMs?: number;
  /** Tries of one call, the first included; 5 if not given. */
  tries?: number;
  /** How pauses are waited for. */
  sleep?: (ms: number) => Promise<void>;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call early. */
  signal?: AbortSignal;
  /** Of one try, in milliseconds. */
  timeoutMs?: number;
}

interface Call {
  method: string;
  path: string;
  kind: "json" | "text" | "lines" | "none";
  options: CallOptions;
  query?: string[];
  headers?: string[];
  body?: unknown;
}

/** One segment of a path. */
export const segment = (text: string): string => encodeURIComponent(text);

/** Makes calls under one address with one key. */
export class Transport {
  readonly #base: string;
  readonly #key: string;
  readonly #timeoutMs: number;
  readonly #tries: number;
  readonly #sleep: (ms: number) => Promise<void>;

  constructor(options: ClientOptions) {
    this.#base = options.baseUrl.replace(/\/+$/, "");
    this.#key = options.apiKey;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#tries = options.tries ?? TRIES_MAX;
    this.#sleep = options.sleep ?? ((ms) => new Promise((resolve) => setTimeout(resolve, ms)));
  }

  protected async call(call: Call): Promise<unknown> {
    const given = call.options as Record<string, unknown>;
    const headers: Record<string, string> = { authorization: `Bearer ${this.#key}` };
    for (const name of call.headers ?? []) {
      if (given[name] !== undefined) headers[name.toLowerCase()] = String(given[name]);
    }
    let body: string | undefined;
    if (call.body !== undefined) {
      body = typeof call.body === "string" ? call.body : JSON.stringify(call.body);
      headers["content-type"] = "application/json";
    }
    const repeatable = call.method !== "POST" || isNamed(call, headers);
    const url = this.#base + call.path + queryString(call.query ?? [], given);
    const response = await this.#try(call, url, headers, body, repeatable);
    switch (call.kind) {
      case "json":
        return await response.json();
      case "text":
        return await response.text();
      case "lines":
        return lines(response);
      case "none":
        return undefined;
    }
  }

  async #try(call: Call, url: string, headers: Record<string, string>, body: string | undefined, repeatable: boolean): Promise<Response> {
    for (let tried = 1; ; tried++) {
      let failed: Error;
      let again: boolean;
      let waitMs = 0;
      try {
        const response = await this.#once(call, url, headers, body);
        if (response.ok) return response;
        failed = new ApiError(response.status, await problem(response));
        again = (repeatable ? TRIED_AGAIN : UNTRIED).includes(response.status);
        waitMs = retryAfterMs(response.headers.get("retry-after"));
      } catch (error) {
        if (call.options.signal?.aborted) throw error;
        failed = new ConnectionFailed(`${call.method} ${url}`, error);
        again = repeatable;
      }
      if (!again || tried >= this.#tries || waitMs > RETRY_AFTER_MS_MAX) throw failed;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (tried - 1), PAUSE_MS_MAX);
      // Half of it by chance, so that many clients do not come back at once.
      await this.#sleep(Math.max(waitMs, pauseMs * (0.5 + Math.random() / 2)));
    }
  }

  async #once(call: Call, url: string, headers: Record<string, string>, body: string | undefined): Promise<Response> {
    const given = call.options.signal;
    const controller = new AbortController();
    const abort = () => controller.abort(given?.reason);
    if (given?.aborted) abort();
    given?.addEventListener("abort", abort, { once: true });
    const timer = setTimeout(() => controller.abort(new Error("timed out")), call.options.timeoutMs ?? this.#timeoutMs);
    try {
      // A key is never sent on to where an answer points.
      return await fetch(url, { method: call.method, headers, body, redirect: "manual", signal: controller.signal });
    } finally {
      // The body of a stream goes on; its reader ends it by the signal that was given.
      clearTimeout(timer);
    }
  }
}

/** Whether a POST may be repeated: an event is known by its id, or by a key that is made here. */
function isNamed(call: Call, headers: Record<string, string>): boolean {
  if (call.path !== "/v1/events") return false;
  const id = (call.body as { id?: unknown } | null)?.id;
  if (!("idempotency-key" in headers) && !id) headers["idempotency-key"] = crypto.randomUUID();
  return true;
}

function queryString(names: string[], given: Record<string, unknown>): string {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = given[name];
    if (value === undefined || value === null) continue;
    if (Array.isArray(value)) query.set(name, value.join(","));
    else if (typeof value === "object") {
      for (const [inner, it] of Object.entries(value)) query.set(`${name}[${inner}]`, String(it));
    } else query.set(name, String(value));
  }
  const text = query.toString();
  return text ? `?${text}` : "";
}

async function problem(response: Response): Promise<Record<string, unknown>> {
  const text = await response.text();
  try {
    const document: unknown = JSON.parse(text);
    if (document !== null && typeof document === "object") return document as Record<string, unknown>;
  } catch {
    // Not ours: something between answered.
  }
  return { detail: text.slice(0, 500) };
}

function retryAfterMs(value: string | null): number {
  return value !== null && /^\d+$/.test(value) ? Number(value) * 1000 : 0;
}

async function* lines(response: Response): AsyncGenerator<string> {
  let rest = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    rest += decoder.decode(chunk as Uint8Array, { stream: true });
    const whole = rest.split("\n");
    rest = whole.pop() ?? "";
    for (const line of whole) yield line.replace(/\r$/, "");
  }
  rest += decoder.decode();
  if (rest !== "") yield rest;
}

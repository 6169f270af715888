// The one way to the program: JSON in and out, problems as ApiError, keyed writes repeated safely when the net fails.
import { locale, t } from "./i18n";
import { lookAtWellness } from "./store/wellness";

export class ApiError extends Error {
  constructor(
    readonly status: number, // 0: the program could not be reached
    readonly code: string,
    readonly detail: string,
    readonly where: string | null = null,
  ) {
    super(detail || code);
  }
}

/** The program, its database or the net is away: the same again, later. */
export const isAway = (status: number): boolean => [0, 502, 503, 504].includes(status);

export const asApiError = (error: unknown): ApiError => (error instanceof ApiError ? error : new ApiError(-1, "CONSOLE", String(error)));

/** What went wrong, in words for the person at the screen. */
export const say = (error: unknown): string => {
  const { status, detail, code } = asApiError(error);
  return status === 0 ? t("state.offline_next") : detail || code;
};

type Listener = () => void;
let onSessionEnded: Listener = () => {};
/** Called whenever a request is answered 401. */
export function setSessionEnded(listener: Listener): void {
  onSessionEnded = listener;
}

const TRIES = 3;
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** A key for one intention: the same key on a repeat gives the first reply again. */
export function newKey(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
}

async function problem(reply: Response): Promise<ApiError> {
  const body = (await reply.json().catch(() => null)) as { code?: string; detail?: string; title?: string; where?: string } | null;
  return new ApiError(reply.status, body?.code ?? String(reply.status), body?.detail ?? body?.title ?? reply.statusText, body?.where ?? null);
}

export interface CallOptions {
  body?: unknown;
  /** Bytes sent as they are. */
  raw?: Blob;
  key?: string;
  /** Changes nothing, whatever its method: may be repeated. */
  reads?: boolean;
  signal?: AbortSignal;
  /** A 401 is the answer, not the end of the session (signing in, asking who is signed in). */
  quiet?: boolean;
}

export async function send(method: string, path: string, options: CallOptions = {}): Promise<Response> {
  const headers: Record<string, string> = { "Accept-Language": locale.value === "zh" ? "zh-CN" : "en" };
  if (options.body !== undefined) headers["Content-Type"] = "application/json";
  if (options.raw) headers["Content-Type"] = "application/octet-stream";
  if (options.key) headers["Idempotency-Key"] = options.key;
  const repeatable = method === "GET" || options.reads || options.key !== undefined;
  for (let attempt = 1; ; attempt++) {
    let reply: Response;
    try {
      reply = await fetch(path, {
        method,
        headers,
        body: options.raw ?? (options.body === undefined ? null : JSON.stringify(options.body)),
        signal: options.signal ?? null,
        credentials: "same-origin",
      });
    } catch (error) {
      if (options.signal?.aborted) throw error;
      if (options.key && attempt < TRIES) {
        await pause(400 * attempt);
        continue;
      }
      void lookAtWellness();
      throw new ApiError(0, "OFFLINE", "");
    }
    if (reply.ok) return reply;
    if (reply.status === 503 && repeatable && attempt < TRIES) {
      await pause(1000 * Number(reply.headers.get("Retry-After") ?? 1));
      continue;
    }
    if (reply.status === 503) void lookAtWellness();
    if (reply.status === 401 && !options.quiet) onSessionEnded();
    throw await problem(reply);
  }
}

export async function call<T>(method: string, path: string, options: CallOptions = {}): Promise<T> {
  const reply = await send(method, path, options);
  const text = await reply.text();
  try {
    return (text ? JSON.parse(text) : undefined) as T;
  } catch {
    throw new ApiError(-1, "CONSOLE", `${method} ${path}: not JSON`);
  }
}

/** "?a=1&b=2" of what is given; empty and missing values are left out. */
export function query(values: Record<string, string | number | null | undefined>): string {
  const parts = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) if (value !== undefined && value !== null && value !== "") parts.set(name, String(value));
  const text = parts.toString();
  return text ? `?${text}` : "";
}

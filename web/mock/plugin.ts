// `npm run mock`: the console before an invented county, without the program. Never part of the bundle.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Connect, Plugin } from "vite";
import type { FeedEvent, Role } from "../src/types";
import { get, patch, post, Refused, who } from "./routes";
import { encodeTile } from "./tiles";
import { iso, listeners, log, play, SPEED } from "./world";

const CSP = "default-src 'self'; style-src 'self'; script-src 'self'; img-src 'self' data: blob:; connect-src 'self'";

async function read(request: IncomingMessage): Promise<Record<string, unknown>> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return parts.length ? (JSON.parse(Buffer.concat(parts).toString()) as Record<string, unknown>) : {};
}

function feed(request: IncomingMessage, reply: ServerResponse): void {
  reply.writeHead(200, { "Content-Type": "text/event-stream", "Cache-Control": "no-store" });
  const clock = () => reply.write(`event: clock\ndata: ${JSON.stringify({ now: iso(), speed: SPEED })}\n\n`);
  const send = (event: FeedEvent) => reply.write(`id: ${event.seq}\ndata: ${JSON.stringify(event)}\n\n`);
  const after = Number(new URL(request.url!, "http://mock").searchParams.get("after") ?? log.length);
  clock();
  log.slice(after).forEach(send);
  const timer = setInterval(clock, 5000);
  listeners.add(send);
  request.on("close", () => {
    clearInterval(timer);
    listeners.delete(send);
  });
}

async function answer(request: IncomingMessage, reply: ServerResponse): Promise<void> {
  const url = new URL(request.url!, "http://mock");
  const path = url.pathname.replace("/api/v1/", "").split("/");
  const json = (status: number, body: unknown) => {
    reply.writeHead(status, { "Content-Type": status < 300 ? "application/json" : "application/problem+json", "Cache-Control": "no-store" });
    reply.end(body === undefined ? "null" : JSON.stringify(body));
  };
  const problem = (status: number, code: string, detail: string) => json(status, { type: "about:blank", title: code, status, code, detail });
  const name = /dianbaomu=(\w+)/.exec(request.headers.cookie ?? "")?.[1];
  const body = path[0] !== "attachments" && (request.method === "POST" || request.method === "PATCH") ? await read(request) : {};
  if (path[0] === "session" && path.length === 1) {
    if (request.method === "POST") {
      const account = who(String(body.name));
      if (!account.staff.roles.length || body.password !== "mock") return problem(401, "UNAUTHORIZED", "账号或密码不对");
      reply.setHeader("Set-Cookie", `dianbaomu=${account.staff.name}; HttpOnly; SameSite=Strict; Path=/`);
      return json(200, account);
    }
    if (request.method === "DELETE") reply.setHeader("Set-Cookie", "dianbaomu=; Max-Age=0; Path=/");
    if (request.method === "DELETE") return json(200, {});
    return name ? json(200, who(name)) : problem(401, "UNAUTHORIZED", "请登录");
  }
  if (path[0] === "session" && path[1] === "ways") return json(200, { oidc: null });
  if (!name) return problem(401, "UNAUTHORIZED", "请登录");
  if (path[0] === "events") return feed(request, reply);
  if (path[0] === "grid" && path[1] === "tiles") {
    reply.writeHead(200, { "Content-Type": "application/octet-stream" });
    return void reply.end(encodeTile(Number(path[2]), Number(path[3]), Number(path[4])));
  }
  const roles: Role[] = who(name).staff.roles;
  if (path[0] === "staff" && !roles.includes("administrator")) return problem(403, "FORBIDDEN", "人员管理需要管理员角色");
  try {
    const asked = { path, query: url.searchParams, body, role: roles[0] ?? null };
    json(request.method === "POST" ? 201 : 200, request.method === "POST" ? post(asked) : request.method === "PATCH" ? patch(asked) : get(asked));
  } catch (error) {
    if (error instanceof Refused) problem(error.status, error.code, error.message);
    else problem(500, "INTERNAL", String(error));
  }
}

export function mockServer(): Plugin {
  const use = (middlewares: Connect.Server, strict: boolean) => {
    play();
    middlewares.use((request, reply, next) => {
      if (strict) reply.setHeader("Content-Security-Policy", CSP);
      if (request.url?.startsWith("/api/")) answer(request, reply).catch(next);
      else next();
    });
  };
  return {
    name: "mock-server",
    configureServer: (server) => use(server.middlewares, false),
    configurePreviewServer: (server) => use(server.middlewares, true),
  };
}

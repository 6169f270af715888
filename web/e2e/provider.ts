// A sign-in service for the browser's tests, on a free port of this machine: oidc-provider with its own development pages, where any name and any
// password will do. Says its address, and stays until it is ended.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

const { default: Provider } = (await import("oidc-provider" as string)) as { default: new (issuer: string, options: object) => { callback: () => (request: unknown, reply: unknown) => void } };
const server = createServer();
await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
const provider = new Provider(issuer, {
  // "native": the port of this machine's address may be any
  clients: [{ client_id: "dianbaomu", client_secret: process.env.OIDC_SECRET, application_type: "native", redirect_uris: ["http://127.0.0.1/sign-in"], grant_types: ["authorization_code"], response_types: ["code"] }],
  claims: { openid: ["sub"], profile: ["preferred_username", "name"] },
  cookies: { keys: ["of the tests"] },
  pkce: { required: () => true },
  findAccount: (_: unknown, id: string) => ({ accountId: id, claims: () => ({ sub: id, preferred_username: id, name: "验证员" }) }),
});
server.on("request", provider.callback());
console.log(`issuer: ${issuer}`);
